#include "scripted_walk.h"
#include "abi.h"
#include "people.h"
#include "private.h"
#include "step.h"
#include "system.h"

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
    set_off();
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
