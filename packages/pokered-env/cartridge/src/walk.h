/* The overworld loop: buttons, steps, and what a step sets off. */
#ifndef WALK_H
#define WALK_H

#include "types.h"

void world_iteration(void);
void walk_by_itself(u8 direction, u8 steps);
void end_dialogue(void);
void turn_player(u8 direction);

#endif
