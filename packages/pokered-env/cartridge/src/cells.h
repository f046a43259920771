/* The cells round the player: their kinds, and the warp underfoot. */
#ifndef CELLS_H
#define CELLS_H

#include "types.h"

#define KIND_WALK 0
#define KIND_SOLID 1
#define KIND_GRASS 2
#define KIND_LEDGE 3
#define KIND_WATER 4
#define KIND_COUNTER 5
#define KIND_DOOR 6

u8 kind_at(i8 dy, i8 dx);
u8 warp_under_player(void);

#endif
