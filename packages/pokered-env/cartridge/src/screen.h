/* Drawing into wTileMap, the window, the palette. */
#ifndef SCREEN_H
#define SCREEN_H

#include "types.h"

#define TILE_BLANK 0x7F
#define TILE_CURSOR 0xED
#define TILE_HOLLOW_CURSOR 0xEC
#define TILE_MORE 0xEE
#define TILE_TERMINATOR 0x50
#define TILE_DIGIT_0 0xF6
#define TILE_MULTIPLY 0xF1
#define TILE_SLASH 0xF3
#define TILE_COLON 0x9C
#define TILE_LV 0x6E

void fill_tiles(u8 x, u8 y, u8 width, u8 height, u8 tile);
void draw_box(u8 x, u8 y, u8 width, u8 height);
void clear_screen(void);
void put_text(u8 x, u8 y, const u8 *characters);
void put_number(u8 x, u8 y, u16 value, u8 digits);
void put_money(u8 x, u8 y);

void screen_off(void);
void screen_on(void);
void show_window(void);
void hide_window(void);
void refresh_window(void);
void save_screen(void);
void restore_screen(void);
void palette_normal(void);
void fade_out(void);
void load_text_tiles(void);
void load_battle_tiles(void);
void load_font(void);
void hide_sprites(void);

#endif
