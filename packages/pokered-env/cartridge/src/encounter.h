/* What a step or the A button sets off: warps, triggers, trainers, wild motes, signs, people. */
#ifndef ENCOUNTER_H
#define ENCOUNTER_H

#include "types.h"

void after_step(void);
void press_a(void);

#endif
