#include "text.h"
#include "abi.h"
#include "joypad.h"
#include "memory.h"
#include "private.h"
#include "screen.h"
#include "strings.h"
#include "system.h"

#define HOME_BANK 1 /* bank 1 is mapped at rest: home strings read like far ones */
#define FIRST_ROW 14
#define SECOND_ROW 16

void open_message_box(void) {
  wTextBoxID = TEXT_BOX_MESSAGE;
  if (wIsInBattle == NOT_IN_BATTLE && world.bank) wFontLoaded |= 1;
  draw_box(0, 12, 20, 6);
  text.column = 1;
  text.row = FIRST_ROW;
  show_window();
}

static void letter_delay(void) {
  u8 frames = wOptions & TEXT_DELAY_MASK;
  do {
    delay_frame();
    poll_joypad();
    if (hJoyHeld & (PAD_A | PAD_B)) return;
  } while (--frames);
}

static void print_letter(u8 letter) {
  *tile_at(text.column, text.row) = letter;
  text.column++;
  letter_delay();
}

static void print_name(const u8 *name) {
  while (*name != TEXT_END) print_letter(*name++);
}

static void print_digits(void) {
  print_name(text.number);
}

void set_number(u16 value) {
  u8 *digit = text.number + 5;
  *digit = TEXT_END;
  do {
    *--digit = TILE_DIGIT_0 + (u8)(value % 10);
    value /= 10;
  } while (value);
  for (u8 *to = text.number;; to++) {
    *to = *digit++;
    if (*to == TEXT_END) return;
  }
}

/* Waits for A or B under a blinking arrow. */
void wait_page(void) {
  u8 *arrow = tile_at(18, SECOND_ROW);
  u8 ticks = 0;
  do {
    *arrow = (ticks & 16) ? TILE_BLANK : TILE_MORE;
    ticks++;
    delay_frame();
    poll_joypad();
  } while (!(hJoyPressed & (PAD_A | PAD_B)));
  *arrow = TILE_BLANK;
}

static void scroll_box(void) {
  for (u8 pass = 0; pass != 2; pass++) {
    u8 *row = tile_at(1, 13);
    for (u8 y = 0; y != 3; y++) {
      copy_bytes(row, row + SCREEN_COLUMNS, 18);
      row += SCREEN_COLUMNS;
    }
    fill_tiles(1, SECOND_ROW, 18, 1, TILE_BLANK);
    delay_frames(5);
  }
}

static void new_row(u8 row) {
  text.column = 1;
  text.row = row;
}

static void print_code(u8 code) {
  switch (code) {
    case TEXT_NEXT_ROW: new_row(SECOND_ROW); break;
    case TEXT_NEW_PAGE:
      wait_page();
      fill_tiles(1, 13, 18, 4, TILE_BLANK);
      new_row(FIRST_ROW);
      break;
    case TEXT_SCROLL:
      wait_page();
      scroll_box();
      new_row(SECOND_ROW);
      break;
    case TEXT_PLAYER: print_name(wPlayerName); break;
    case TEXT_RIVAL: print_name(wRivalName); break;
    case TEXT_FIRST_MOTE: print_name(wPartyMonNicks); break;
    case TEXT_NAME: print_name(name_buffer); break;
    case TEXT_NAME2: print_name(name_buffer2); break;
    case TEXT_OWN_MOTE: print_name(wBattleMonNick); break;
    case TEXT_FOE: print_name(wEnemyMonNick); break;
    case TEXT_NUMBER: print_digits(); break;
    default: print_letter(code);
  }
}

/* Returns where the string ends: the address behind its terminator. */
u16 print_far(u8 bank, u16 address) {
  for (;;) {
    far_bank = bank;
    u8 code = far_byte(address++);
    if (code == TEXT_END) return address;
    print_code(code);
  }
}

void print(const u8 *message) {
  print_far(HOME_BANK, (u16)message);
}

void say(const u8 *message) {
  open_message_box();
  print(message);
  wait_page();
}

/* For battles: no button needed, but long enough to read. */
void say_and_go_on(const u8 *message) {
  open_message_box();
  print(message);
  for (u8 frames = 30; frames; frames--) {
    delay_frame();
    poll_joypad();
    if (hJoyPressed & (PAD_A | PAD_B)) return;
  }
}
