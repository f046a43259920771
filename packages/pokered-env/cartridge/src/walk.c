#include "walk.h"
#include "abi.h"
#include "battle.h"
#include "content.h"
#include "map.h"
#include "menu.h"
#include "party.h"
#include "people.h"
#include "private.h"
#include "screen.h"
#include "script.h"
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

static void note_tile_in_front(void) {
  switch (wPlayerDirection) {
    case DIRECTION_UP: wTileInFront = *tile_at(8, 7); break;
    case DIRECTION_LEFT: wTileInFront = *tile_at(6, 9); break;
    case DIRECTION_RIGHT: wTileInFront = *tile_at(10, 9); break;
    default: wTileInFront = *tile_at(8, 11);
  }
}

static u8 can_step(void) {
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

static void begin_step(void) {
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

static void advance_step(void) {
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

static void poison_steps(void) {
  for (u8 i = 0; i != wPartyCount; i++) {
    u8 *mon = party_mon(i);
    u16 hp = get_big16(mon + MON_HP);
    if ((mon[MON_STATUS] & STATUS_POISON) && hp > 1 && (wPlayTimeSeconds & 1)) put_big16(mon + MON_HP, hp - 1);
  }
}

static u8 run_trigger(void) {
  struct trigger trigger;
  u16 source = world.map.triggers;
  for (u8 i = world.map.num_triggers; i; i--) {
    read_far(world.bank, source, &trigger, sizeof(struct trigger));
    source += sizeof(struct trigger);
    if (trigger.y == wYCoord && trigger.x == wXCoord && holds(trigger.condition)) {
      run_script(trigger.code.bank, trigger.code.address);
      return TRUE;
    }
  }
  return FALSE;
}

static u8 wild_cell(void) {
  u8 kind = kind_at(0, 0);
  return kind == KIND_GRASS || (world.map.wild_everywhere && kind == KIND_WALK);
}

static u8 wild_slot(void) {
  static const u8 thresholds[NUM_WILD_SLOTS] = {50, 101, 140, 165, 190, 215, 228, 241, 252, 255};
  u8 draw = random();
  u8 slot = 0;
  while (draw > thresholds[slot]) slot++;
  return slot << 1;
}

static u8 meet_wild_mote(void) {
  if (!wGrassRate || !wPartyCount || !wild_cell()) return FALSE;
  if (wRepelRemainingSteps) wRepelRemainingSteps--;
  if (random() >= wGrassRate) return FALSE;
  u8 slot = wild_slot();
  u8 level = wGrassMons[slot];
  if (wRepelRemainingSteps && level < party_mon(0)[MON_LEVEL]) return FALSE;
  wild_battle(wGrassMons[slot + 1], level);
  return TRUE;
}

static void use_warp(u8 index) {
  u8 *entry = wWarpEntries + ((u16)index << 2);
  enter_by_warp(entry[3], entry[2]);
}

static void after_step(void) {
  u8 warp = warp_under_player();
  if (warp != 0xFF) {
    use_warp(warp);
    return;
  }
  poison_steps();
  if (run_trigger()) return;
  u8 slot = trainer_that_sees_player();
  if (slot) {
    wJoyIgnore = PAD_EVERYTHING;
    walk_up_to_player(slot);
    wJoyIgnore = 0;
    talk_to(slot);
    return;
  }
  meet_wild_mote();
}

static u8 sign_at(u8 y, u8 x) {
  struct sign sign;
  u16 source = world.map.signs;
  for (u8 i = world.map.num_signs; i; i--) {
    read_far(world.bank, source, &sign, sizeof(struct sign));
    source += sizeof(struct sign);
    if (sign.y != y || sign.x != x) continue;
    if (sign.hidden_item != 0xFF && get_flag(wObtainedHiddenItemsFlags, sign.hidden_item)) continue;
    run_script(sign.code.bank, sign.code.address);
    return TRUE;
  }
  return FALSE;
}

static void press_a(void) {
  u8 y = wYCoord + world.step_dy;
  u8 x = wXCoord + world.step_dx;
  note_tile_in_front();
  u8 slot = person_at(y, x);
  if (!slot && kind_at((i8)world.step_dy, (i8)world.step_dx) == KIND_COUNTER)
    slot = person_at(y + world.step_dy, x + world.step_dx);
  if (slot)
    talk_to(slot);
  else
    sign_at(y, x);
}

void end_dialogue(void) {
  hide_window();
  wFontLoaded = 0;
  refresh_view();
  show_changes();
  show_people();
}

static u8 held_direction(void) {
  if (hJoyHeld & PAD_DOWN) return DIRECTION_DOWN;
  if (hJoyHeld & PAD_UP) return DIRECTION_UP;
  if (hJoyHeld & PAD_LEFT) return DIRECTION_LEFT;
  if (hJoyHeld & PAD_RIGHT) return DIRECTION_RIGHT;
  return 0;
}

/* A new direction turns the player; held on, the next iteration walks. */
static void press_direction(u8 direction) {
  u8 turns = direction != wPlayerDirection;
  turn_player(direction);
  if (turns && !world.turned) {
    world.turned = TRUE;
    note_tile_in_front();
    return;
  }
  world.turned = FALSE;
  if (can_step()) begin_step();
}

static void stand_still(void) {
  world.turned = FALSE;
  SPRITE1(0)[SPRITE_ANIM] = 0;
}

static void read_buttons(void) {
  poll_joypad();
  if (hJoyPressed & PAD_START) {
    start_menu();
  } else if (hJoyPressed & PAD_A) {
    press_a();
  } else if (hJoyHeld & PAD_DIRECTIONS) {
    press_direction(held_direction());
    return;
  }
  stand_still();
}

static void choose_step(void) {
  if (!world.steps_left) {
    wSimulatedJoypadStatesIndex = 0;
    wStatusFlags5 &= ~SCRIPTED_MOVEMENT;
    read_buttons();
    return;
  }
  wSimulatedJoypadStatesIndex = world.steps_left;
  wStatusFlags5 |= SCRIPTED_MOVEMENT;
  turn_player(world.forced_direction);
  begin_step();
}

void world_iteration(void) {
  delay_two_frames();
  u8 arrived = FALSE;
  if (!wWalkCounter) choose_step();
  if (wWalkCounter) {
    advance_step();
    arrived = !wWalkCounter;
  }
  update_people(wWalkCounter || arrived);
  draw_sprites();
  if (arrived && !world.steps_left) after_step();
}

/* Used by scripts; leaves when the last step is done. */
void walk_by_itself(u8 direction, u8 steps) {
  turn_player(direction);
  world.forced_direction = direction;
  wJoyIgnore = PAD_EVERYTHING;
  while (steps--) {
    if (!can_step()) break;
    world.steps_left = 1;
    wSimulatedJoypadStatesIndex = steps + 1;
    wStatusFlags5 |= SCRIPTED_MOVEMENT;
    begin_step();
    do {
      delay_two_frames();
      advance_step();
      show_people();
    } while (wWalkCounter);
  }
  wJoyIgnore = 0;
  world.steps_left = 0;
  wSimulatedJoypadStatesIndex = 0;
  wStatusFlags5 &= ~SCRIPTED_MOVEMENT;
}
