/* Battles: turns, outcomes. */
#ifndef BATTLE_H
#define BATTLE_H

#include "types.h"

#define OUTCOME_NONE 0
#define OUTCOME_WON 1
#define OUTCOME_LOST 2
#define OUTCOME_RAN 3
#define OUTCOME_CAUGHT 4

u8 wild_battle(u8 species_index, u8 level);
u8 trainer_battle(u8 number);

#endif
