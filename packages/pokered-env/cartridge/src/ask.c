#include "ask.h"
#include "abi.h"
#include "menu.h"
#include "screen.h"
#include "strings.h"

u8 ask_yes_no(void) {
  wTextBoxID = TEXT_BOX_TWO_OPTION;
  draw_box(14, 7, 6, 5);
  put_text(16, 8, STR_YES);
  put_text(16, 10, STR_NO);
  return choose(15, 8, 2, 2, 0) == 0;
}
