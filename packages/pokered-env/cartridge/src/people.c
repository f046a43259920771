#include "people.h"
#include "abi.h"
#include "cells.h"
#include "content.h"
#include "joypad.h"
#include "memory.h"
#include "private.h"
#include "system.h"

#define NOT_SHOWN 0xFF
#define STATUS_READY 1
#define STATUS_WAITING 2
#define STATUS_MOVING 3
/* Engine's use of free bytes of the sprite structs. */
#define SPRITE_STEP_Y 3  /* state 1: -1, 0, 1 */
#define SPRITE_STEP_X 5
#define SPRITE_PIXELS_LEFT 0 /* state 2 */
#define SPRITE_HOME_Y 1
#define SPRITE_HOME_X 2
#define WANDER_RADIUS 3

void load_people(void) {
  u16 count = (u16)world.map.num_objects;
  wNumSprites = world.map.num_objects;
  read_far(world.bank, world.map.objects, people + 1, count << 4);
}

static void load_sprite(u8 sprite, u8 first_tile, u8 num_tiles) {
  far_bank = sprites[sprite].bank;
  far_length = (u16)num_tiles << 4;
  far_copy_vram(VRAM_SPRITES + ((u16)first_tile << 4), sprites[sprite].address);
}

void load_people_tiles(void) {
  u8 record[3];
  u16 source = world.map.sprites;
  load_sprite(SPRITE_PLAYER, 0, 24);
  for (u8 i = world.map.num_sprites; i; i--) {
    read_far(world.bank, source, record, 3);
    load_sprite(record[0], record[1], record[2]);
    source += 3;
  }
}

u8 is_hidden(u8 slot) {
  return get_flag(wToggleableObjectFlags, people[slot].toggle) || !holds(people[slot].condition);
}

static void place_person(u8 slot) {
  u8 *one = SPRITE1(slot);
  u8 *two = SPRITE2(slot);
  struct person *person = &people[slot];
  one[SPRITE_PICTURE] = person->sprite + 1;
  one[SPRITE_STATUS] = STATUS_READY;
  one[SPRITE_FACING] = person->facing;
  two[SPRITE_MAP_Y] = person->y + 4;
  two[SPRITE_MAP_X] = person->x + 4;
  two[SPRITE_MOVEMENT] = person->movement;
  two[SPRITE_DELAY] = random() & 0x1F;
  two[SPRITE_PIXELS_LEFT] = 0;
  two[SPRITE_HOME_Y] = person->y;
  two[SPRITE_HOME_X] = person->x;
  one[SPRITE_STEP_Y] = 0;
  one[SPRITE_STEP_X] = 0;
}

void place_people(void) {
  for (u8 slot = 1; slot != NUM_SPRITES; slot++) {
    if (slot <= wNumSprites)
      place_person(slot);
    else
      SPRITE1(slot)[SPRITE_PICTURE] = 0;
  }
  u8 *player = SPRITE1(0);
  player[SPRITE_PICTURE] = 1;
  player[SPRITE_STATUS] = STATUS_READY;
  player[SPRITE_Y_PX] = 0x3C;
  player[SPRITE_X_PX] = 0x40;
  SPRITE2(0)[SPRITE_MAP_Y] = wYCoord + 4;
  SPRITE2(0)[SPRITE_MAP_X] = wXCoord + 4;
  show_people();
}

/* Slot of the person on a cell of the map, 0 = nobody. */
u8 person_at(u8 y, u8 x) {
  y += 4;
  x += 4;
  for (u8 slot = 1; slot <= wNumSprites; slot++) {
    u8 *two = SPRITE2(slot);
    if (two[SPRITE_MAP_Y] == y && two[SPRITE_MAP_X] == x && !is_hidden(slot)) return slot;
  }
  return 0;
}

u8 facing_of(u8 direction) {
  switch (direction) {
    case DIRECTION_UP: return FACING_UP;
    case DIRECTION_LEFT: return FACING_LEFT;
    case DIRECTION_RIGHT: return FACING_RIGHT;
    default: return FACING_DOWN;
  }
}

void face_player(u8 slot) {
  if (people[slot].num_frames == 1) return;
  SPRITE1(slot)[SPRITE_FACING] = wPlayerFacing ^ 4;
}

static void set_step(u8 slot, u8 facing) {
  u8 *one = SPRITE1(slot);
  one[SPRITE_FACING] = facing;
  one[SPRITE_STEP_Y] = facing == FACING_DOWN ? 1 : facing == FACING_UP ? 0xFF : 0;
  one[SPRITE_STEP_X] = facing == FACING_RIGHT ? 1 : facing == FACING_LEFT ? 0xFF : 0;
}

static void begin_step(u8 slot) {
  u8 *one = SPRITE1(slot);
  u8 *two = SPRITE2(slot);
  two[SPRITE_MAP_Y] += one[SPRITE_STEP_Y];
  two[SPRITE_MAP_X] += one[SPRITE_STEP_X];
  two[SPRITE_PIXELS_LEFT] = 16;
  one[SPRITE_STATUS] = STATUS_MOVING;
}

/* May this person stand there? Only plain floor in sight, near home, nobody in the way. */
static u8 may_wander_to(u8 slot, u8 y, u8 x) {
  u8 *two = SPRITE2(slot);
  if ((u8)(y - two[SPRITE_HOME_Y] + WANDER_RADIUS) > 2 * WANDER_RADIUS) return FALSE;
  if ((u8)(x - two[SPRITE_HOME_X] + WANDER_RADIUS) > 2 * WANDER_RADIUS) return FALSE;
  u8 row = y - wYCoord + 5;
  u8 column = x - wXCoord + 5;
  if (row >= VIEW_ROWS || column >= VIEW_COLUMNS) return FALSE;
  if (cell_kinds[view[row * VIEW_COLUMNS + column]] != KIND_WALK) return FALSE;
  if (row == 5 && column == 5) return FALSE;
  if (wWalkCounter && row == 5 + (i8)world.step_dy && column == 5 + (i8)world.step_dx) return FALSE;
  if (y >= world.map.height || x >= world.map.width) return FALSE;
  return person_at(y, x) == 0;
}

/* TRUE when the person turned or set off. */
static u8 think(u8 slot) {
  u8 *one = SPRITE1(slot);
  u8 *two = SPRITE2(slot);
  if (two[SPRITE_DELAY]) {
    two[SPRITE_DELAY]--;
    return FALSE;
  }
  two[SPRITE_DELAY] = (random() & 0x3F) + 8;
  u8 facing = random() & 0xC;
  if (two[SPRITE_MOVEMENT] == WANDER_UP_DOWN) facing &= 4;
  if (two[SPRITE_MOVEMENT] == WANDER_LEFT_RIGHT) facing |= 8;
  set_step(slot, facing);
  u8 y = two[SPRITE_MAP_Y] - 4 + one[SPRITE_STEP_Y];
  u8 x = two[SPRITE_MAP_X] - 4 + one[SPRITE_STEP_X];
  if (may_wander_to(slot, y, x)) begin_step(slot);
  return TRUE;
}

static void move_on(u8 slot) {
  u8 *one = SPRITE1(slot);
  one[SPRITE_ANIM]++;
  if (--SPRITE2(slot)[SPRITE_PIXELS_LEFT]) return;
  one[SPRITE_STATUS] = STATUS_READY;
  one[SPRITE_ANIM] = 0;
}

/* Position on the screen; 0xFF as image where the person is out of sight. */
static void project(u8 slot) {
  u8 *one = SPRITE1(slot);
  u8 *two = SPRITE2(slot);
  u8 row = two[SPRITE_MAP_Y] - wYCoord;
  u8 column = two[SPRITE_MAP_X] - wXCoord;
  if ((u8)(row + 1) > 11 || (u8)(column + 1) > 12 || is_hidden(slot)) {
    one[SPRITE_IMAGE] = NOT_SHOWN;
    return;
  }
  u8 y = (row << 4) - 4;
  u8 x = column << 4;
  u8 left = two[SPRITE_PIXELS_LEFT];
  if (left) {
    if (one[SPRITE_STEP_Y]) y += (one[SPRITE_STEP_Y] == 1) ? -left : left;
    if (one[SPRITE_STEP_X]) x += (one[SPRITE_STEP_X] == 1) ? -left : left;
  }
  if (wWalkCounter) {
    u8 walked = (8 - wWalkCounter) << 1;
    if (world.step_dy) y += (world.step_dy == 1) ? -walked : walked;
    if (world.step_dx) x += (world.step_dx == 1) ? -walked : walked;
  }
  one[SPRITE_Y_PX] = y;
  one[SPRITE_X_PX] = x;
  one[SPRITE_IMAGE] = one[SPRITE_FACING] | ((one[SPRITE_ANIM] >> 2) & 3);
}

static u8 act(u8 slot) {
  u8 *one = SPRITE1(slot);
  if (one[SPRITE_STATUS] == STATUS_MOVING) {
    move_on(slot);
    return TRUE;
  }
  return SPRITE2(slot)[SPRITE_MOVEMENT] != STAY && one[SPRITE_IMAGE] != NOT_SHOWN && think(slot);
}

/* One iteration of everybody's life. People who did nothing keep their place on the
   screen, unless all must be placed anew (the screen moved). */
void update_people(u8 all) {
  for (u8 slot = 1; slot <= wNumSprites; slot++)
    if (act(slot) || all) project(slot);
  u8 *player = SPRITE1(0);
  player[SPRITE_IMAGE] = wPlayerFacing | ((player[SPRITE_ANIM] >> 2) & 3);
}

/* Text, menus and boxes lie above the people. */
static u8 under_text(u8 y, u8 x) {
  if (!hAutoBGTransferEnabled) return FALSE;
  u8 row = (u8)(y + 4) >> 3;
  u8 column = x >> 3;
  if (column >= SCREEN_COLUMNS) return FALSE;
  if (row >= SCREEN_ROWS) row = SCREEN_ROWS - 1; /* only the head is on the screen */
  u8 *tile = tile_at(column, row);
  if (tile[0] >= 0x60 || tile[1] >= 0x60) return TRUE;
  if (row + 1 >= SCREEN_ROWS) return FALSE;
  return tile[SCREEN_COLUMNS] >= 0x60 || tile[SCREEN_COLUMNS + 1] >= 0x60;
}

static u8 *put_sprite(u8 *oam, u8 slot) {
  u8 *one = SPRITE1(slot);
  u8 image = one[SPRITE_IMAGE];
  u8 y = one[SPRITE_Y_PX] + 16;
  u8 x = one[SPRITE_X_PX] + 8;
  u8 tile = slot ? people[slot].first_tile : 0;
  u8 num_frames = slot ? people[slot].num_frames : 6;
  u8 facing = image & 0xC;
  u8 phase = image & 3;
  u8 attributes = 0;
  if (under_text(one[SPRITE_Y_PX], one[SPRITE_X_PX])) return oam;
  if (num_frames != 1) {
    tile += facing == FACING_RIGHT ? 8 : facing;
    if (facing == FACING_RIGHT) attributes = 0x20;
    if ((phase & 1) && num_frames == 6) {
      tile += 12;
      if (phase == 3 && !(facing & 8)) attributes ^= 0x20;
    }
  }
  u8 left = (attributes & 0x20) ? 1 : 0;
  u8 low = attributes;
  if (slot == 0) {
    if (world.jumping) y -= world.jumping;
    if (kind_at(0, 0) == KIND_GRASS) low |= 0x80;
  }
  *oam++ = y;
  *oam++ = x;
  *oam++ = tile + left;
  *oam++ = attributes;
  *oam++ = y;
  *oam++ = x + 8;
  *oam++ = tile + (left ^ 1);
  *oam++ = attributes;
  *oam++ = y + 8;
  *oam++ = x;
  *oam++ = tile + 2 + left;
  *oam++ = low;
  *oam++ = y + 8;
  *oam++ = x + 8;
  *oam++ = tile + 2 + (left ^ 1);
  *oam++ = low;
  return oam;
}

void draw_sprites(void) {
  u8 *oam = put_sprite(wShadowOAM, 0);
  u8 *end = wShadowOAM + 160;
  for (u8 slot = 1; slot <= wNumSprites && oam != end; slot++)
    if (SPRITE1(slot)[SPRITE_IMAGE] != NOT_SHOWN) oam = put_sprite(oam, slot);
  end = wShadowOAM + world.oam_used;
  world.oam_used = (u8)((u16)oam - (u16)wShadowOAM);
  for (; oam < end; oam += 4) *oam = 0;
}

/* After a box was drawn or taken away. */
void cover_people(void) {
  if (wIsInBattle == NOT_IN_BATTLE && world.bank) draw_sprites();
}

void show_people(void) {
  update_people(TRUE);
  draw_sprites();
}

/* How far the player is along the line of sight, 0 = not on it. */
static u8 distance_in_sight(u8 slot) {
  u8 *one = SPRITE1(slot);
  u8 dy = wYCoord + 4 - SPRITE2(slot)[SPRITE_MAP_Y];
  u8 dx = wXCoord + 4 - SPRITE2(slot)[SPRITE_MAP_X];
  switch (one[SPRITE_FACING]) {
    case FACING_DOWN: return dx ? 0 : dy;
    case FACING_UP: return dx ? 0 : -dy;
    case FACING_RIGHT: return dy ? 0 : dx;
    default: return dy ? 0 : -dx;
  }
}

static u8 way_is_free(u8 slot, u8 distance) {
  u8 *one = SPRITE1(slot);
  set_step(slot, one[SPRITE_FACING]);
  i8 y = 0, x = 0;
  while (--distance) {
    y -= (i8)one[SPRITE_STEP_Y];
    x -= (i8)one[SPRITE_STEP_X];
    u8 kind = kind_at(y, x);
    if (kind != KIND_WALK && kind != KIND_GRASS) return FALSE;
    if (person_at(wYCoord + y, wXCoord + x)) return FALSE;
  }
  return TRUE;
}

u8 trainer_that_sees_player(void) {
  for (u8 slot = 1; slot <= wNumSprites; slot++) {
    struct person *person = &people[slot];
    if (!person->sight || get_flag(wEventFlags, person->beaten) || is_hidden(slot)) continue;
    if (SPRITE1(slot)[SPRITE_IMAGE] == NOT_SHOWN) continue;
    u8 distance = distance_in_sight(slot);
    if (distance && distance <= person->sight && way_is_free(slot, distance)) return slot;
  }
  return 0;
}

void walk_up_to_player(u8 slot) {
  u8 distance = distance_in_sight(slot);
  set_step(slot, SPRITE1(slot)[SPRITE_FACING]);
  delay_frames(24);
  while (--distance) {
    begin_step(slot);
    do {
      delay_frame();
      show_people();
    } while (SPRITE1(slot)[SPRITE_STATUS] == STATUS_MOVING);
  }
}
