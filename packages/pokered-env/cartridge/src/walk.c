#include "walk.h"
#include "abi.h"
#include "encounter.h"
#include "joypad.h"
#include "menu.h"
#include "people.h"
#include "private.h"
#include "step.h"
#include "system.h"

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
  if (can_step()) set_off();
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
  set_off();
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
