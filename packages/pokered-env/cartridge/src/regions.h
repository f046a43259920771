/* Outdoors: from one region of the world into the next, without a seam. */
#ifndef REGIONS_H
#define REGIONS_H

#include "types.h"

u8 cross_border(u8 y, u8 x);

#endif
