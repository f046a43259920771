#include "map.h"
#include "abi.h"
#include "cells.h"
#include "content.h"
#include "memory.h"
#include "people.h"
#include "private.h"
#include "screen.h"
#include "system.h"

/* The walkable-tile list, the cells' tiles and kinds; the pictures only when they change. */
static void load_tileset(u8 number) {
  const struct tileset *tileset = &tilesets[number];
  read_far(tileset->cells.bank, tileset->cells.address, cell_tiles, 256);
  read_far(tileset->kinds.bank, tileset->kinds.address, cell_kinds, 64);
  wTilesetCollisionPtr = (u16)tileset->walkable;
  hTileAnimations = number + 1;
  wGrassTile = tileset->grass_tile;
  if (world.loaded_tileset == number) return;
  far_bank = tileset->tiles.bank;
  far_length = tileset->tiles_length;
  far_copy_vram(VRAM_TILES, tileset->tiles.address);
  world.loaded_tileset = number;
}

static void load_signs(void) {
  struct sign sign;
  u8 *coords = wSignCoords;
  u16 source = world.map.signs;
  wNumSigns = world.map.num_signs;
  for (u8 i = world.map.num_signs; i; i--) {
    read_far(world.bank, source, &sign, sizeof(struct sign));
    *coords++ = sign.y;
    *coords++ = sign.x;
    source += sizeof(struct sign);
  }
}

void load_map(u8 map) {
  const struct far *header = &map_headers[map];
  read_far(header->bank, header->address, &world.map, sizeof(struct map_header));
  world.bank = header->bank;
  map_bank = world.map.grid_bank;
  map_stride = world.map.stride;
  wCurMap = map;
  wCurMapTileset = world.map.tileset;
  wCurMapHeight = (world.map.height + 1) >> 1;
  wCurMapWidth = (world.map.width + 1) >> 1;
  wCurrentMapHeight2 = world.map.height;
  wCurrentMapWidth2 = world.map.width;
  wNumberOfWarps = world.map.num_warps;
  read_far(world.bank, world.map.warps, wWarpEntries, (u16)world.map.num_warps << 2);
  read_far(world.bank, world.map.patches, patch_list, (u16)world.map.num_patches * sizeof(struct patch));
  load_signs();
  wGrassRate = world.map.wild_rate;
  copy_bytes(wGrassMons, world.map.wild, 2 * NUM_WILD_SLOTS);
  if (world.map.town) set_flag(wTownVisitedFlag, world.map.town - 1);
  load_tileset(world.map.tileset);
  load_people();
}

static void apply_patches(void) {
  struct patch *patch = patch_list;
  u8 left = world.map.grid_x + wXCoord;
  u8 top = world.map.grid_y + wYCoord;
  for (u8 i = world.map.num_patches; i; i--) {
    u8 column = patch->x - left;
    u8 row = patch->y - top;
    if (column < VIEW_COLUMNS && row < VIEW_ROWS && holds(patch->condition))
      view[row * VIEW_COLUMNS + column] = patch->cell;
    patch++;
  }
}

/* Cells round the player, then the tile map the memory interface shows. */
void refresh_view(void) {
  load_view(world.map.grid + (u16)wYCoord * world.map.stride + wXCoord);
  apply_patches();
  draw_view();
  wTileStoodOn = *tile_at(8, 9);
  wYBlockCoord = wYCoord & 1;
  wXBlockCoord = wXCoord & 1;
}

/* The tile map to the part of the background map that is in sight. */
static void draw_background(void) {
  const u8 *tile = wTileMap;
  for (u8 y = 0; y != SCREEN_ROWS; y++) {
    u16 row = VRAM_BACKGROUND + ((u16)((world.row + y) & 31) << 5);
    for (u8 x = 0; x != SCREEN_COLUMNS; x++) write_vram(row + ((world.column + x) & 31), *tile++);
  }
  world.changed = FALSE;
}

/* Notes whether a flag of this map's patches was changed. */
void note_flag(u16 flag) {
  const struct patch *patch = patch_list;
  for (u8 i = world.map.num_patches; i; i--) {
    if ((patch->condition & 0x3FFF) == flag) world.changed = TRUE;
    patch++;
  }
}

/* What flags have changed in sight, with no box over the tile map. */
void show_changes(void) {
  if (!world.changed) return;
  refresh_view();
  draw_background();
}

static void redraw_map(void) {
  world.column = 0;
  world.row = 0;
  hSCX = 0;
  hSCY = 0;
  refresh_view();
  draw_background();
}

void show_map(void) {
  screen_off();
  hide_window();
  load_tileset(world.map.tileset);
  load_people_tiles();
  redraw_map();
  place_people();
  palette_normal();
  screen_on();
  delay_frame();
}

void enter_map(u8 map, u8 y, u8 x) {
  screen_off();
  wCurMap = map;
  wYCoord = y;
  wXCoord = x;
  load_map(map);
  world.no_trigger = TRUE;
  show_map();
}

/* Another map's header, without leaving this one. */
static struct map_header *peek_map(u8 map) {
  struct map_header *header = (struct map_header *)scratch;
  read_far(map_headers[map].bank, map_headers[map].address, header, sizeof(struct map_header));
  return header;
}

/* To the place before the hearth that was used last. */
void enter_hearth(void) {
  fade_out();
  struct map_header *header = peek_map(world.hearth_map);
  enter_map(world.hearth_map, header->hearth_y, header->hearth_x);
}

void enter_by_warp(u8 map, u8 warp) {
  u8 entry[4];
  if (wCurMap < FIRST_INDOOR_MAP) wLastMap = wCurMap;
  if (map == LAST_MAP) map = wLastMap;
  fade_out();
  struct map_header *header = peek_map(map);
  read_far(map_headers[map].bank, header->warps + ((u16)warp << 2), entry, 4);
  wDestinationWarpID = warp;
  enter_map(map, entry[0], entry[1]);
  wDestinationWarpID = 0xFF;
  if (map < FIRST_INDOOR_MAP && kind_at(0, 0) == KIND_DOOR) {
    world.forced_direction = DIRECTION_DOWN;
    world.steps_left = 1;
  }
}
