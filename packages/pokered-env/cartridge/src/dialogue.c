#include "dialogue.h"
#include "abi.h"
#include "map.h"
#include "people.h"
#include "private.h"
#include "screen.h"

void end_dialogue(void) {
  hide_window();
  wFontLoaded = 0;
  refresh_view();
  show_changes();
  show_people();
}
