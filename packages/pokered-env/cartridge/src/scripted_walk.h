/* Steps that a script takes for the player. */
#ifndef SCRIPTED_WALK_H
#define SCRIPTED_WALK_H

#include "types.h"

void walk_by_itself(u8 direction, u8 steps);

#endif
