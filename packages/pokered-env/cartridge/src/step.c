#include "step.h"
#include "abi.h"
#include "cells.h"
#include "content.h"
#include "map.h"
#include "memory.h"
#include "people.h"
#include "private.h"
#include "regions.h"
#include "system.h"

#define NUM_STEP_ITERATIONS 8

void turn_player(u8 direction) {
  wPlayerDirection = direction;
  wPlayerFacing = facing_of(direction);
  world.step_dy = direction == DIRECTION_DOWN ? 1 : direction == DIRECTION_UP ? 0xFF : 0;
  world.step_dx = direction == DIRECTION_RIGHT ? 1 : direction == DIRECTION_LEFT ? 0xFF : 0;
}

static u8 is_walkable(u8 kind) {
  return kind == KIND_WALK || kind == KIND_GRASS || kind == KIND_DOOR;
}

static u8 is_in_some_map(u8 y, u8 x) {
  if (y < world.map.height && x < world.map.width) return TRUE;
  return wCurMap < FIRST_INDOOR_MAP;
}

void note_tile_in_front(void) {
  switch (wPlayerDirection) {
    case DIRECTION_UP: wTileInFront = *tile_at(8, 7); break;
    case DIRECTION_LEFT: wTileInFront = *tile_at(6, 9); break;
    case DIRECTION_RIGHT: wTileInFront = *tile_at(10, 9); break;
    default: wTileInFront = *tile_at(8, 11);
  }
}

u8 can_step(void) {
  i8 dy = (i8)world.step_dy, dx = (i8)world.step_dx;
  u8 kind = kind_at(dy, dx);
  note_tile_in_front();
  if (person_at(wYCoord + dy, wXCoord + dx)) return FALSE;
  if (is_walkable(kind)) return is_in_some_map(wYCoord + dy, wXCoord + dx);
  if (kind != KIND_LEDGE || wPlayerDirection != DIRECTION_DOWN) return FALSE;
  if (!is_walkable(kind_at(2, 0)) || person_at(wYCoord + 2, wXCoord)) return FALSE;
  world.forced_direction = DIRECTION_DOWN;
  world.steps_left = 2;
  world.jumping = 1;
  return TRUE;
}

/* The row or column that comes into sight goes to the background map at the next VBlank. */
static void queue_redraw(void) {
  u8 *tile = redraw_tiles;
  u8 x = world.column, y = world.row;
  const u8 *cell;
  if (world.step_dx) {
    cell = view + VIEW_COLUMNS + ((world.step_dx == 1) ? VIEW_COLUMNS - 1 : 0);
    x = (x + (world.step_dx == 1 ? 20 : 30)) & 31;
    for (u8 i = 9; i; i--) {
      const u8 *tiles = cell_tiles + ((u16)*cell << 2);
      *tile++ = tiles[0];
      *tile++ = tiles[1];
      *tile++ = tiles[2];
      *tile++ = tiles[3];
      cell += VIEW_COLUMNS;
    }
  } else {
    cell = view + 1 + ((world.step_dy == 1) ? VIEW_COLUMNS * (VIEW_ROWS - 1) : 0);
    y = (y + (world.step_dy == 1 ? 18 : 30)) & 31;
    for (u8 i = 10; i; i--) {
      const u8 *tiles = cell_tiles + ((u16)*cell++ << 2);
      tile[0] = tiles[0];
      tile[1] = tiles[1];
      tile[20] = tiles[2];
      tile[21] = tiles[3];
      tile += 2;
    }
  }
  redraw_dest = VRAM_BACKGROUND + ((u16)y << 5) + x;
  redraw_mode = world.step_dx ? REDRAW_COLUMN : REDRAW_ROW;
}

void set_off(void) {
  wPlayerMovingDirection = wPlayerDirection;
  wWalkCounter = NUM_STEP_ITERATIONS;
  queue_redraw();
}

/* Parks the view on the new cell; the whole tile map follows. */
static void arrive(void) {
  u8 y = wYCoord + world.step_dy;
  u8 x = wXCoord + world.step_dx;
  world.column = (world.column + (world.step_dx << 1)) & 31;
  world.row = (world.row + (world.step_dy << 1)) & 31;
  wPlayerLastStopDirection = wPlayerMovingDirection;
  wPlayerMovingDirection = 0;
  if (y >= world.map.height || x >= world.map.width) {
    cross_border(y, x);
  } else {
    wYCoord = y;
    wXCoord = x;
  }
  SPRITE2(0)[SPRITE_MAP_Y] = wYCoord + 4;
  SPRITE2(0)[SPRITE_MAP_X] = wXCoord + 4;
  refresh_view();
  world.no_trigger = FALSE;
}

void advance_step(void) {
  u8 *player = SPRITE1(0);
  hSCY += world.step_dy << 1;
  hSCX += world.step_dx << 1;
  player[SPRITE_ANIM]++;
  if (world.jumping) world.jumping = (world.steps_left == 2) ? 17 - wWalkCounter * 2 : wWalkCounter * 2 - 1;
  if (--wWalkCounter) return;
  if (world.steps_left) world.steps_left--;
  if (!world.steps_left) world.jumping = 0;
  arrive();
}
