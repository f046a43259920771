#include "screen.h"
#include "abi.h"
#include "content.h"
#include "joypad.h"
#include "memory.h"
#include "people.h"
#include "private.h"
#include "system.h"

void fill_tiles(u8 x, u8 y, u8 width, u8 height, u8 tile) {
  u8 *row = tile_at(x, y);
  while (height--) {
    for (u8 i = 0; i != width; i++) row[i] = tile;
    row += SCREEN_COLUMNS;
  }
}

void draw_box(u8 x, u8 y, u8 width, u8 height) {
  u8 right = x + width - 1;
  u8 bottom = y + height - 1;
  fill_tiles(x + 1, y + 1, width - 2, height - 2, TILE_BLANK);
  fill_tiles(x + 1, y, width - 2, 1, 0x7A);
  fill_tiles(x + 1, bottom, width - 2, 1, 0x7A);
  fill_tiles(x, y + 1, 1, height - 2, 0x7C);
  fill_tiles(right, y + 1, 1, height - 2, 0x7C);
  *tile_at(x, y) = 0x79;
  *tile_at(right, y) = 0x7B;
  *tile_at(x, bottom) = 0x7D;
  *tile_at(right, bottom) = 0x7E;
  cover_people();
}

void clear_screen(void) {
  fill_tiles(0, 0, SCREEN_COLUMNS, SCREEN_ROWS, TILE_BLANK);
}

void put_text(u8 x, u8 y, const u8 *characters) {
  u8 *tile = tile_at(x, y);
  while (*characters != TILE_TERMINATOR) *tile++ = *characters++;
}

void put_number(u8 x, u8 y, u16 value, u8 digits) {
  u8 *tile = tile_at(x, y) + digits;
  do {
    *--tile = TILE_DIGIT_0 + (u8)(value % 10);
    value /= 10;
  } while (--digits && value);
  while (digits--) *--tile = TILE_BLANK;
}

void put_money(u8 x, u8 y) {
  u8 started = FALSE;
  u8 *tile = tile_at(x, y);
  for (u8 i = 0; i != 6; i++) {
    u8 pair = wPlayerMoney[i >> 1];
    u8 digit = (i & 1) ? pair & 15 : pair >> 4;
    if (digit || i == 5) started = TRUE;
    *tile++ = started ? TILE_DIGIT_0 + digit : TILE_BLANK;
  }
}

void screen_off(void) {
  if (!rLCDC) return; /* without the LCD no VBlank would ever come */
  delay_frame();
  rLCDC = 0;
}

void screen_on(void) {
  rLCDC = LCD_ON;
}

/* Three VBlanks carry the whole tile map over to the window. */
void refresh_window(void) {
  delay_frames(3);
}

void show_window(void) {
  hAutoBGTransferPortion = 0;
  hAutoBGTransferEnabled = 1;
  cover_people();
  if (hWY) {
    refresh_window();
    hWY = 0;
    delay_frame();
  }
}

void hide_window(void) {
  hWY = WINDOW_HIDDEN;
  hAutoBGTransferEnabled = 0;
}

void save_screen(void) {
  u8 *from = wTileMap, *to = wTileMapBackup;
  for (u16 i = 0; i != SCREEN_TILES; i++) *to++ = *from++;
}

void restore_screen(void) {
  u8 *from = wTileMapBackup, *to = wTileMap;
  for (u16 i = 0; i != SCREEN_TILES; i++) *to++ = *from++;
  cover_people();
}

void palette_normal(void) {
  rBGP = 0xE4;
  rOBP0 = 0xD0;
  rOBP1 = 0xE0;
}

void fade_out(void) {
  rBGP = 0x90;
  rOBP0 = 0x90;
  delay_frames(4);
  rBGP = 0x40;
  rOBP0 = 0x40;
  delay_frames(4);
  rBGP = 0;
  rOBP0 = 0;
  delay_frames(4);
}

static void load_tiles(u8 bank, u16 source, u16 dest, u16 count) {
  far_bank = bank;
  far_length = count;
  far_copy_vram(dest, source);
}

void load_font(void) {
  far_bank = FONT_BANK;
  far_length = 128 * 8;
  far_copy_vram_double(VRAM_FONT, FONT_ADDRESS);
}

void load_text_tiles(void) {
  load_tiles(TEXT_TILES_BANK, TEXT_TILES_ADDRESS, VRAM_TILES + 0x600, 32 * 16);
}

void load_battle_tiles(void) {
  load_tiles(BATTLE_TILES_BANK, BATTLE_TILES_ADDRESS, VRAM_TILES + 0x620, 30 * 16);
}

void hide_sprites(void) {
  for (u8 i = 0; i != 160; i += 4) wShadowOAM[i] = 0;
}
