/* The overworld loop: buttons become steps, menus and talk. */
#ifndef WALK_H
#define WALK_H

#include "types.h"

void world_iteration(void);

#endif
