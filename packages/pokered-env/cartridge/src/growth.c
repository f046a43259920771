#include "growth.h"
#include "abi.h"
#include "battle_screen.h"
#include "content.h"
#include "memory.h"
#include "menu.h"
#include "party.h"
#include "private.h"
#include "screen.h"
#include "strings.h"
#include "system.h"
#include "text.h"

#define MAX_LEVEL 100

static void gain_stat_exp(u8 *mon) {
  for (u8 stat = 0; stat != 5; stat++) {
    u8 *stat_exp = mon + MON_STAT_EXP + (stat << 1);
    u16 sum = get_big16(stat_exp) + species.base[stat];
    put_big16(stat_exp, sum < species.base[stat] ? 0xFFFF : sum);
  }
}

/* The slot of the move to forget, or CANCELLED. */
static u8 choose_forgotten(const u8 *mon) {
  say(STR_WANTS_TO_LEARN);
  save_screen();
  open_message_box();
  print(STR_FORGET_WHICH);
  draw_box(4, 6, 16, 6);
  for (u8 i = 0; i != 4; i++) {
    load_move(mon[MON_MOVES + i]);
    put_text(6, 7 + i, move.name);
  }
  u8 slot = choose(5, 7, 4, 1, 0);
  restore_screen();
  return slot;
}

/* The latest move stands last. */
static void forget(u8 *mon, u8 slot) {
  for (; slot != 3; slot++) {
    mon[MON_MOVES + slot] = mon[MON_MOVES + slot + 1];
    mon[MON_PP + slot] = mon[MON_PP + slot + 1];
  }
}

static void learn(u8 *mon, u8 number) {
  u8 slot = 0;
  for (; slot != 4; slot++) {
    if (mon[MON_MOVES + slot] == number) return;
    if (!mon[MON_MOVES + slot]) break;
  }
  load_move(number);
  copy_bytes(name_buffer2, move.name, 13);
  if (slot == 4) {
    u8 forgotten = choose_forgotten(mon);
    if (forgotten == CANCELLED) {
      say(STR_DID_NOT_LEARN);
      return;
    }
    forget(mon, forgotten);
    slot = 3;
    say(STR_FORGOT_AND_LEARNED);
  } else {
    say(STR_LEARNED);
  }
  load_move(number);
  mon[MON_MOVES + slot] = number;
  mon[MON_PP + slot] = move.pp;
}

static void learn_at(u8 *mon, u8 level) {
  for (u8 i = 0; i != 8; i++)
    if (species.learn_move[i] && species.learn_level[i] == level) learn(mon, species.learn_move[i]);
}

static void refresh_active(u8 slot) {
  if (slot != wPlayerMonNumber || wIsInBattle == NOT_IN_BATTLE) return;
  u8 *mon = party_mon(slot);
  copy_bytes(wBattleMon + BATTLE_HP, mon + MON_HP, 2);
  copy_bytes(wBattleMon + BATTLE_MOVES, mon + MON_MOVES, 4);
  copy_bytes(wBattleMon + BATTLE_PP, mon + MON_PP, 4);
  wBattleMon[BATTLE_LEVEL] = mon[MON_LEVEL];
  copy_bytes(wBattleMon + BATTLE_MAX_HP, mon + MON_MAX_HP, 10);
  draw_own_status();
}

static void level_up(u8 slot) {
  u8 *mon = party_mon(slot);
  u16 most = get_big16(mon + MON_MAX_HP);
  load_species(dex_of(mon[MON_SPECIES]));
  mon[MON_LEVEL]++;
  compute_stats(mon);
  put_big16(mon + MON_HP, get_big16(mon + MON_HP) + get_big16(mon + MON_MAX_HP) - most);
  refresh_active(slot);
  set_number(mon[MON_LEVEL]);
  say(STR_GREW);
  learn_at(mon, mon[MON_LEVEL]);
  refresh_active(slot);
}

static void gain(u8 slot, u16 amount) {
  u8 *mon = party_mon(slot);
  copy_bytes(name_buffer, party_nick(slot), NAME_LENGTH);
  set_number(amount);
  say(STR_GAINED_EXP);
  u32 exp = get_exp(mon) + amount;
  u32 most = exp_for_level(MAX_LEVEL);
  put_exp(mon, exp > most ? most : exp);
  while (mon[MON_LEVEL] < MAX_LEVEL && get_exp(mon) >= exp_for_level(mon[MON_LEVEL] + 1)) level_up(slot);
}

/* For the foe just beaten; those who fought and still stand share it. */
void share_experience(void) {
  u8 sharers = 0;
  for (u8 slot = 0; slot != wPartyCount; slot++)
    if ((battle.fought & (u8)(1 << slot)) && get_big16(party_mon(slot) + MON_HP)) sharers++;
  if (!sharers) return;
  u8 foe = dex_of(wEnemyMon[BATTLE_SPECIES]);
  load_species(foe);
  u16 amount = (u16)species.exp_yield * wEnemyMon[BATTLE_LEVEL] / 7;
  if (wIsInBattle == TRAINER_BATTLE) amount += amount >> 1;
  amount /= sharers;
  for (u8 slot = 0; slot != wPartyCount; slot++) {
    if (!(battle.fought & (u8)(1 << slot)) || !get_big16(party_mon(slot) + MON_HP)) continue;
    load_species(foe);
    gain_stat_exp(party_mon(slot));
    gain(slot, amount ? amount : 1);
  }
}

static void evolve(u8 slot, u8 into) {
  u8 *mon = party_mon(slot);
  u16 most = get_big16(mon + MON_MAX_HP);
  copy_bytes(name_buffer, party_nick(slot), NAME_LENGTH);
  load_species(into);
  copy_bytes(name_buffer2, species.name, 13);
  say(STR_EVOLVED);
  load_species(into);
  mon[MON_SPECIES] = species.index;
  wPartySpecies[slot] = species.index;
  mon[MON_TYPE1] = species.type1;
  mon[MON_TYPE2] = species.type2;
  compute_stats(mon);
  put_big16(mon + MON_HP, get_big16(mon + MON_HP) + get_big16(mon + MON_MAX_HP) - most);
  copy_bytes(party_nick(slot), species.name, NAME_LENGTH);
  party_nick(slot)[NAME_LENGTH - 1] = TEXT_END;
  set_flag(wPokedexOwned, into - 1);
  set_flag(wPokedexSeen, into - 1);
  learn_at(mon, mon[MON_LEVEL]);
}

void evolve_party(void) {
  for (u8 slot = 0; slot != wPartyCount; slot++) {
    u8 *mon = party_mon(slot);
    load_species(dex_of(mon[MON_SPECIES]));
    if (!species.evolve_into || mon[MON_LEVEL] < species.evolve_level) continue;
    if (get_big16(mon + MON_HP)) evolve(slot, species.evolve_into);
  }
}
