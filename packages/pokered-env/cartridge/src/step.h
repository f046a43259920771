/* The player's steps: may it go there, the view that follows, the arrival. */
#ifndef STEP_H
#define STEP_H

#include "types.h"

void turn_player(u8 direction);
void note_tile_in_front(void);
u8 can_step(void);
void set_off(void);
void advance_step(void);

#endif
