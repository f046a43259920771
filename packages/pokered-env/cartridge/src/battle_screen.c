#include "battle_screen.h"
#include "abi.h"
#include "content.h"
#include "joypad.h"
#include "map.h"
#include "memory.h"
#include "party.h"
#include "private.h"
#include "screen.h"
#include "strings.h"
#include "system.h"

#define FOE_FIRST_TILE 0x00
#define OWN_FIRST_TILE 0x31
#define FOE_X 13
#define FOE_Y 1
#define FOE_SIZE 5
#define OWN_X 2
#define OWN_Y 8
#define OWN_SIZE 4
#define BAR_LENGTH 6
#define TILE_HP_LABEL 0x71
#define TILE_BAR_LEFT 0x62
#define TILE_BAR_EMPTY 0x63
#define TILE_BAR_RIGHT 0x6D

static void load_picture(const struct far *picture, u8 first_tile, u8 size) {
  far_bank = picture->bank;
  far_length = (u16)(size * size) << 4;
  far_copy_vram(VRAM_TILES + ((u16)first_tile << 4), picture->address);
}

static void draw_picture(u8 x, u8 y, u8 size, u8 tile) {
  for (u8 row = 0; row != size; row++)
    for (u8 column = 0; column != size; column++) *tile_at(x + column, y + row) = tile++;
}

void open_battle_screen(void) {
  for (u8 i = 0; i != 3; i++) {
    rBGP = 0x1B;
    delay_frames(3);
    rBGP = 0xE4;
    delay_frames(3);
  }
  hide_sprites();
  clear_screen();
  rBGP = 0;
  hAutoBGTransferEnabled = 1;
  refresh_window();
  hWY = 0;
  delay_frame();
  load_battle_tiles();
  world.loaded_tileset = 0xFF;
  draw_box(0, 12, 20, 6);
  refresh_window();
  palette_normal();
}

void close_battle_screen(void) {
  fade_out();
  screen_off();
  load_text_tiles();
  show_map();
}

void show_foe(const struct far *picture) {
  load_picture(picture, FOE_FIRST_TILE, FOE_SIZE);
  draw_picture(FOE_X, FOE_Y, FOE_SIZE, FOE_FIRST_TILE);
}

void hide_foe(void) {
  fill_tiles(FOE_X, FOE_Y, FOE_SIZE, FOE_SIZE, TILE_BLANK);
  fill_tiles(1, 0, 11, 3, TILE_BLANK);
}

void show_trainer_picture(const struct far *picture) {
  hide_foe();
  show_foe(picture);
}

static void show_back(const struct far *picture) {
  load_picture(picture, OWN_FIRST_TILE, OWN_SIZE);
  draw_picture(OWN_X, OWN_Y, OWN_SIZE, OWN_FIRST_TILE);
}

void show_player(void) {
  static const struct far back = {PICTURE_PLAYER_ADDRESS, PICTURE_PLAYER_BANK};
  show_back(&back);
}

void show_own_mote(void) {
  load_species(dex_of(wBattleMon[BATTLE_SPECIES]));
  show_back(&species.back);
}

void draw_hp_bar(u8 x, u8 y, u16 hp, u16 most) {
  u8 *tile = tile_at(x, y);
  u8 pixels = most ? (u8)((u32)hp * (BAR_LENGTH * 8) / most) : 0;
  if (hp && !pixels) pixels = 1;
  *tile++ = TILE_HP_LABEL;
  *tile++ = TILE_BAR_LEFT;
  for (u8 i = BAR_LENGTH; i; i--) {
    u8 part = pixels > 8 ? 8 : pixels;
    *tile++ = TILE_BAR_EMPTY + part;
    pixels -= part;
  }
  *tile = TILE_BAR_RIGHT;
}

void draw_level(u8 x, u8 y, u8 level) {
  u8 *tile = tile_at(x, y);
  tile[0] = TILE_LV;
  tile[1] = TILE_BLANK;
  tile[2] = TILE_BLANK;
  if (level >= 100)
    put_number(x, y, level, 3);
  else if (level >= 10)
    put_number(x + 1, y, level, 2);
  else
    put_number(x + 1, y, level, 1);
}

void draw_status(u8 x, u8 y, u8 status, u8 level) {
  if (status & STATUS_SLEEP_MASK)
    put_text(x, y, STR_SLP);
  else if (status & STATUS_POISON)
    put_text(x, y, STR_PSN);
  else if (status & STATUS_PARALYSIS)
    put_text(x, y, STR_PAR);
  else
    draw_level(x, y, level);
}

void draw_foe_status(void) {
  fill_tiles(1, 0, 11, 3, TILE_BLANK);
  put_text(1, 0, wEnemyMonNick);
  draw_status(4, 1, wEnemyMon[BATTLE_STATUS], wEnemyMon[BATTLE_LEVEL]);
  draw_hp_bar(2, 2, get_big16(wEnemyMon + BATTLE_HP), get_big16(wEnemyMon + BATTLE_MAX_HP));
}

void draw_own_status(void) {
  u16 hp = get_big16(wBattleMon + BATTLE_HP);
  u16 most = get_big16(wBattleMon + BATTLE_MAX_HP);
  fill_tiles(9, 7, 11, 5, TILE_BLANK);
  put_text(10, 7, wBattleMonNick);
  draw_status(14, 8, wBattleMon[BATTLE_STATUS], wBattleMon[BATTLE_LEVEL]);
  draw_hp_bar(10, 9, hp, most);
  put_number(11, 10, hp, 3);
  *tile_at(14, 10) = TILE_SLASH;
  put_number(15, 10, most, 3);
}

void blink_foe(void) {
  for (u8 i = 0; i != 2; i++) {
    fill_tiles(FOE_X, FOE_Y, FOE_SIZE, FOE_SIZE, TILE_BLANK);
    delay_frames(4);
    draw_picture(FOE_X, FOE_Y, FOE_SIZE, FOE_FIRST_TILE);
    delay_frames(4);
  }
}

void blink_own(void) {
  for (u8 i = 0; i != 2; i++) {
    fill_tiles(OWN_X, OWN_Y, OWN_SIZE, OWN_SIZE, TILE_BLANK);
    delay_frames(4);
    draw_picture(OWN_X, OWN_Y, OWN_SIZE, OWN_FIRST_TILE);
    delay_frames(4);
  }
}

void clear_battle_menu(void) {
  draw_box(0, 12, 20, 6);
}
