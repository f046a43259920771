/* After the last word: the box goes, the map comes back. */
#ifndef DIALOGUE_H
#define DIALOGUE_H

#include "types.h"

void end_dialogue(void);

#endif
