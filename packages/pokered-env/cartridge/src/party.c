#include "party.h"
#include "abi.h"
#include "content.h"
#include "memory.h"
#include "private.h"
#include "system.h"

u8 *party_mon(u8 slot) {
  return wPartyMons + (u16)slot * PARTY_STRUCT_SIZE;
}

u8 *party_nick(u8 slot) {
  return wPartyMonNicks + slot * NAME_LENGTH;
}

void load_species(u8 dex) {
  read_far(SPECIES_BANK, SPECIES_ADDRESS + (u16)(dex - 1) * sizeof(species), &species, sizeof(species));
}

/* Own dex number of an internal index. */
u8 dex_of(u8 index) {
  u8 dex = 1;
  while (species_index[dex] != index && dex < NUM_SPECIES) dex++;
  return dex;
}

void load_move(u8 number) {
  read_far(MOVES_BANK, MOVES_ADDRESS + (u16)(number - 1) * sizeof(move), &move, sizeof(move));
}

u32 exp_for_level(u8 level) {
  return (u32)((u16)level * level) * level;
}

u32 get_exp(const u8 *mon) {
  return ((u32)mon[MON_EXP] << 16) | get_big16(mon + MON_EXP + 1);
}

void put_exp(u8 *mon, u32 exp) {
  mon[MON_EXP] = (u8)(exp >> 16);
  put_big16(mon + MON_EXP + 1, (u16)exp);
}

/* A quarter of the square root, as stat experience counts. */
static u8 stat_exp_bonus(u16 stat_exp) {
  u16 root = 0;
  while (root < 255 && root * root < stat_exp) root++;
  return (u8)root >> 2;
}

static u8 dv_of(const u8 *mon, u8 stat) {
  u8 first = mon[MON_DVS], second = mon[MON_DVS + 1];
  switch (stat) {
    case 1: return first >> 4;
    case 2: return first & 15;
    case 3: return second >> 4;
    case 4: return second & 15;
  }
  return ((first >> 1) & 8) | ((first & 1) << 2) | ((second >> 3) & 2) | (second & 1);
}

/* Needs the species loaded. */
void compute_stats(u8 *mon) {
  u8 level = mon[MON_LEVEL];
  for (u8 stat = 0; stat != 5; stat++) {
    u16 value = ((u16)species.base[stat] + dv_of(mon, stat)) << 1;
    value += stat_exp_bonus(get_big16(mon + MON_STAT_EXP + (stat << 1)));
    value = (u16)((u32)value * level / 100) + 5;
    if (!stat) value += level + 5;
    put_big16(mon + MON_MAX_HP + (stat << 1), value);
  }
}

/* Learns what the species knows by this level; the latest four stay. */
void know_moves(u8 *mon, u8 level) {
  u8 known = 0;
  for (u8 i = 0; i != 8; i++) {
    u8 number = species.learn_move[i];
    if (!number || species.learn_level[i] > level) continue;
    if (known == 4) {
      copy_bytes(mon + MON_MOVES, mon + MON_MOVES + 1, 3);
      copy_bytes(mon + MON_PP, mon + MON_PP + 1, 3);
      known = 3;
    }
    load_move(number);
    mon[MON_MOVES + known] = number;
    mon[MON_PP + known] = move.pp;
    known++;
  }
}

/* A fresh mote in a 44-byte struct. */
void make_mon(u8 *mon, u8 dex, u8 level) {
  load_species(dex);
  for (u8 i = 0; i != PARTY_STRUCT_SIZE; i++) mon[i] = 0;
  mon[MON_SPECIES] = species.index;
  mon[MON_BOX_LEVEL] = level;
  mon[MON_TYPE1] = species.type1;
  mon[MON_TYPE2] = species.type2;
  mon[MON_CATCH_RATE] = species.catch_rate;
  mon[MON_DVS] = random();
  mon[MON_DVS + 1] = random();
  mon[MON_LEVEL] = level;
  copy_bytes(mon + MON_OT_ID, wPlayerID, 2);
  put_exp(mon, exp_for_level(level));
  know_moves(mon, level);
  compute_stats(mon);
  copy_bytes(mon + MON_HP, mon + MON_MAX_HP, 2);
}

static void note_owned(u8 dex) {
  set_flag(wPokedexOwned, dex - 1);
  set_flag(wPokedexSeen, dex - 1);
}

/* The struct becomes the last member; there must be room. */
void put_in_party(const u8 *mon, u8 dex) {
  u8 slot = wPartyCount;
  copy_bytes(party_mon(slot), mon, PARTY_STRUCT_SIZE);
  load_species(dex);
  copy_bytes(party_nick(slot), species.name, NAME_LENGTH);
  party_nick(slot)[NAME_LENGTH - 1] = 0x50;
  copy_bytes(wPartyMonOT + slot * NAME_LENGTH, wPlayerName, NAME_LENGTH);
  wPartySpecies[slot + 1] = 0xFF;
  wPartySpecies[slot] = species.index;
  wPartyCount = slot + 1;
  note_owned(dex);
}

u8 add_to_party(u8 dex, u8 level) {
  load_species(dex);
  if (wPartyCount == PARTY_LENGTH) return FALSE;
  u8 *mon = party_mon(wPartyCount);
  make_mon(mon, dex, level);
  put_in_party(mon, dex);
  return TRUE;
}

void heal_party(void) {
  for (u8 slot = 0; slot != wPartyCount; slot++) {
    u8 *mon = party_mon(slot);
    copy_bytes(mon + MON_HP, mon + MON_MAX_HP, 2);
    mon[MON_STATUS] = 0;
    for (u8 i = 0; i != 4; i++) {
      if (!mon[MON_MOVES + i]) continue;
      load_move(mon[MON_MOVES + i]);
      mon[MON_PP + i] = move.pp;
    }
  }
}

static void swap_bytes(u8 *a, u8 *b, u8 count) {
  while (count--) {
    u8 byte = *a;
    *a++ = *b;
    *b++ = byte;
  }
}

void swap_party(u8 a, u8 b) {
  swap_bytes(party_mon(a), party_mon(b), PARTY_STRUCT_SIZE);
  swap_bytes(party_nick(a), party_nick(b), NAME_LENGTH);
  swap_bytes(wPartyMonOT + a * NAME_LENGTH, wPartyMonOT + b * NAME_LENGTH, NAME_LENGTH);
  swap_bytes(wPartySpecies + a, wPartySpecies + b, 1);
}

u8 able_motes(void) {
  u8 able = 0;
  for (u8 slot = 0; slot != wPartyCount; slot++)
    if (get_big16(party_mon(slot) + MON_HP)) able++;
  return able;
}
