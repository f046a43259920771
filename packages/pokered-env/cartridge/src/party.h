/* Species, moves, and the party structs. */
#ifndef PARTY_H
#define PARTY_H

#include "types.h"

u8 *party_mon(u8 slot);
u8 *party_nick(u8 slot);
void load_species(u8 dex);
u8 dex_of(u8 index);
void load_move(u8 number);
u32 exp_for_level(u8 level);
u32 get_exp(const u8 *mon);
void put_exp(u8 *mon, u32 exp);
void make_mon(u8 *mon, u8 dex, u8 level);
void compute_stats(u8 *mon);
void know_moves(u8 *mon, u8 level);
u8 add_to_party(u8 dex, u8 level);
void put_in_party(const u8 *mon, u8 dex);
void heal_party(void);
void swap_party(u8 a, u8 b);
u8 able_motes(void);

#endif
