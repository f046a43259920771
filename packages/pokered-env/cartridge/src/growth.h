/* Experience, levels, new moves, evolution. */
#ifndef GROWTH_H
#define GROWTH_H

#include "types.h"

void share_experience(void);
void evolve_party(void);

#endif
