/* One use of a move: accuracy, damage, effects. */
#ifndef ATTACK_H
#define ATTACK_H

#include "types.h"

#define NUM_STAT_MODS 6
#define NEUTRAL_MOD 7
#define MOD_ATTACK 0
#define MOD_DEFENSE 1
#define MOD_SPEED 2
#define MOD_SPECIAL 3
#define MOD_ACCURACY 4

u16 modified_stat(const u8 *mon, const u8 *mods, u8 which);
u8 effectiveness(u8 type, const u8 *target);
void use_move(u8 by_foe, u8 number);
void end_of_turn_damage(u8 *mon, u8 by_foe);
u8 is_prevented(u8 by_foe);
void keep_own_condition(void);

#endif
