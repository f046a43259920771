#include "abi.h"
#include "content.h"
#include "items.h"
#include "joypad.h"
#include "map.h"
#include "memory.h"
#include "private.h"
#include "screen.h"
#include "script.h"
#include "step.h"
#include "strings.h"
#include "system.h"
#include "walk.h"

static void load_everything(void) {
  load_font();
  load_text_tiles();
  far_bank = TITLE_TILES_BANK;
  far_length = TITLE_TILES_LENGTH;
  far_copy_vram(VRAM_TILES, TITLE_TILES_ADDRESS);
  world.loaded_tileset = 0xFF;
}

static void title_screen(void) {
  load_everything();
  clear_screen();
  read_far(TITLE_MAP_BANK, TITLE_MAP_ADDRESS, tile_at(0, 2), TITLE_MAP_LENGTH);
  put_text(5, 14, STR_PRESS_START);
  hAutoBGTransferEnabled = 1;
  palette_normal();
  rLCDC = LCD_ON;
  refresh_window();
  hWY = 0;
  wait_button(PAD_START | PAD_A);
}

static void new_game(void) {
  copy_bytes(wPlayerName, STR_PLAYER_NAME, NAME_LENGTH);
  copy_bytes(wRivalName, STR_RIVAL_NAME, NAME_LENGTH);
  wPartySpecies[0] = 0xFF;
  wBagItems[0] = 0xFF;
  wOptions = 1;
  wPlayerID[0] = random();
  wPlayerID[1] = random();
  to_bcd(START_MONEY, wPlayerMoney);
  wStatusFlags6 = COUNT_PLAY_TIME;
  wDestinationWarpID = 0xFF;
  wUpdateSpritesEnabled = 1;
  turn_player(START_DIRECTION);
  wLastMap = START_OUTDOOR_MAP;
  world.hearth_map = START_OUTDOOR_MAP;
  wLastBlackoutMap = START_OUTDOOR_MAP;
}

void main(void) {
  title_screen();
  clear_screen();
  refresh_window();
  new_game();
  wCurMap = FIRST_INDOOR_MAP;
  run_script(SCRIPT_INTRO_BANK, SCRIPT_INTRO_ADDRESS);
  enter_map(START_MAP, START_Y, START_X);
  for (;;) world_iteration();
}
