#include "attack.h"
#include "abi.h"
#include "battle_screen.h"
#include "content.h"
#include "joypad.h"
#include "memory.h"
#include "party.h"
#include "private.h"
#include "strings.h"
#include "system.h"
#include "text.h"

/* Stat modifiers 1..13 in percent. */
static const u16 mod_percent[13] = {25, 28, 33, 40, 50, 66, 100, 150, 200, 250, 300, 350, 400};

u16 modified_stat(const u8 *mon, const u8 *mods, u8 which) {
  u32 value = get_big16(mon + BATTLE_ATTACK + (which << 1));
  value = value * mod_percent[mods[which] - 1] / 100;
  if (which == MOD_SPEED && (mon[BATTLE_STATUS] & STATUS_PARALYSIS)) value >>= 2;
  if (value > 999) value = 999;
  return value ? (u16)value : 1;
}

static u8 against(u8 type, u8 defender) {
  const u8 *row = type_chart;
  while (*row != 0xFF) {
    if (row[0] == type && row[1] == defender) return row[2];
    row += 3;
  }
  return 10;
}

/* Ten = neutral. */
u8 effectiveness(u8 type, const u8 *target) {
  u8 first = against(type, target[BATTLE_TYPE1]);
  if (target[BATTLE_TYPE1] == target[BATTLE_TYPE2]) return first;
  return first * against(type, target[BATTLE_TYPE2]) / 10;
}

static u8 hits(const u8 *mods) {
  u16 chance = (u16)move.accuracy * mod_percent[mods[MOD_ACCURACY] - 1] / 100;
  return chance >= 100 || random() < chance * 255 / 100;
}

static u8 is_physical(void) {
  return move.type < FIRST_SPECIAL_TYPE;
}

static u8 is_critical(const u8 *attacker) {
  load_species(dex_of(attacker[BATTLE_SPECIES]));
  return random() < (species.base[3] >> 1);
}

static u16 damage(const u8 *attacker, const u8 *attacker_mods, const u8 *target, const u8 *target_mods) {
  u8 physical = is_physical();
  u16 level = attacker[BATTLE_LEVEL];
  u16 attack = modified_stat(attacker, attacker_mods, physical ? MOD_ATTACK : MOD_SPECIAL);
  u16 defense = modified_stat(target, target_mods, physical ? MOD_DEFENSE : MOD_SPECIAL);
  battle.critical = is_critical(attacker);
  if (battle.critical) level <<= 1;
  u32 amount = (u32)(level * 2 / 5 + 2) * move.power * attack / defense / 50 + 2;
  if (move.type == attacker[BATTLE_TYPE1] || move.type == attacker[BATTLE_TYPE2]) amount += amount >> 1;
  battle.effectiveness = effectiveness(move.type, target);
  amount = amount * battle.effectiveness / 10;
  amount = amount * (217 + random() % 39) / 255;
  if (!amount && battle.effectiveness) amount = 1;
  return amount > 999 ? 999 : (u16)amount;
}

void keep_own_condition(void) {
  u8 *mon = party_mon(wPlayerMonNumber);
  copy_bytes(mon + MON_HP, wBattleMon + BATTLE_HP, 2);
  mon[MON_STATUS] = wBattleMon[BATTLE_STATUS];
  copy_bytes(mon + MON_PP, wBattleMon + BATTLE_PP, 4);
}

static void keep_foe_condition(void) {
  if (wIsInBattle != TRAINER_BATTLE) return;
  u8 *mon = wEnemyMons + battle.enemy_slot * PARTY_STRUCT_SIZE;
  copy_bytes(mon + MON_HP, wEnemyMon + BATTLE_HP, 2);
  mon[MON_STATUS] = wEnemyMon[BATTLE_STATUS];
}

static void show_condition(const u8 *mon) {
  if (mon == wBattleMon) {
    keep_own_condition();
    draw_own_status();
  } else {
    keep_foe_condition();
    draw_foe_status();
  }
}

/* The bar runs down in eight steps at most. */
static void take_hp(u8 *mon, u16 amount) {
  u16 hp = get_big16(mon + BATTLE_HP);
  if (amount > hp) amount = hp;
  put_big16(wDamage, amount);
  u16 part = (amount >> 3) + 1;
  while (amount) {
    if (part > amount) part = amount;
    amount -= part;
    hp -= part;
    put_big16(mon + BATTLE_HP, hp);
    show_condition(mon);
    delay_frames(3);
  }
}

static void give_hp(u8 *mon, u16 amount) {
  u16 hp = get_big16(mon + BATTLE_HP) + amount;
  u16 most = get_big16(mon + BATTLE_MAX_HP);
  put_big16(mon + BATTLE_HP, hp > most ? most : hp);
  show_condition(mon);
}

static void change_mod(u8 *mods, u8 which, u8 up) {
  copy_bytes(name_buffer, stat_names[which], 13);
  if (mods[which] == (up ? 13 : 1)) {
    say_and_go_on(STR_NOTHING_HAPPENED);
    return;
  }
  mods[which] += up ? 1 : -1;
  say_and_go_on(up ? STR_STAT_ROSE : STR_STAT_FELL);
}

static void give_status(u8 *target, u8 status, const u8 *message) {
  if (target[BATTLE_STATUS]) {
    say_and_go_on(STR_NOTHING_HAPPENED);
    return;
  }
  target[BATTLE_STATUS] = status;
  show_condition(target);
  say_and_go_on(message);
}

static void apply_effect(u8 *attacker, u8 *own_mods, u8 *target, u8 *target_mods, u16 dealt) {
  switch (move.effect) {
    case EFFECT_ATTACK_DOWN: change_mod(target_mods, MOD_ATTACK, FALSE); break;
    case EFFECT_DEFENSE_DOWN: change_mod(target_mods, MOD_DEFENSE, FALSE); break;
    case EFFECT_SPEED_DOWN: change_mod(target_mods, MOD_SPEED, FALSE); break;
    case EFFECT_ACCURACY_DOWN: change_mod(target_mods, MOD_ACCURACY, FALSE); break;
    case EFFECT_ATTACK_UP: change_mod(own_mods, MOD_ATTACK, TRUE); break;
    case EFFECT_DEFENSE_UP: change_mod(own_mods, MOD_DEFENSE, TRUE); break;
    case EFFECT_SPEED_UP: change_mod(own_mods, MOD_SPEED, TRUE); break;
    case EFFECT_SPECIAL_UP: change_mod(own_mods, MOD_SPECIAL, TRUE); break;
    case EFFECT_POISON: give_status(target, STATUS_POISON, STR_POISONED); break;
    case EFFECT_SLEEP: give_status(target, (random() & 3) + 2, STR_FELL_ASLEEP); break;
    case EFFECT_PARALYZE: give_status(target, STATUS_PARALYSIS, STR_PARALYZED); break;
    case EFFECT_DRAIN: give_hp(attacker, (dealt >> 1) + 1); break;
    case EFFECT_HEAL: give_hp(attacker, get_big16(attacker + BATTLE_MAX_HP) >> 1); break;
  }
}

/* Side effects of damaging moves happen three times in ten. */
static u8 effect_happens(const u8 *target) {
  if (!move.power || move.effect == EFFECT_DRAIN) return TRUE;
  if (!get_big16(target + BATTLE_HP) || move.effect == EFFECT_NONE) return FALSE;
  return random() < 77;
}

static void say_result(void) {
  if (battle.critical) say_and_go_on(STR_CRITICAL);
  if (!battle.effectiveness)
    say_and_go_on(STR_NO_EFFECT);
  else if (battle.effectiveness > 10)
    say_and_go_on(STR_VERY_EFFECTIVE);
  else if (battle.effectiveness < 10)
    say_and_go_on(STR_NOT_EFFECTIVE);
}

void use_move(u8 by_foe, u8 number) {
  u8 *attacker = by_foe ? wEnemyMon : wBattleMon;
  u8 *target = by_foe ? wBattleMon : wEnemyMon;
  u8 *own_mods = by_foe ? wEnemyMonStatMods : wPlayerMonStatMods;
  u8 *target_mods = by_foe ? wPlayerMonStatMods : wEnemyMonStatMods;
  u16 dealt = 0;
  hWhoseTurn = by_foe;
  load_move(number);
  copy_bytes(name_buffer2, move.name, 13);
  copy_bytes(name_buffer, by_foe ? wEnemyMonNick : wBattleMonNick, NAME_LENGTH);
  say_and_go_on(by_foe ? STR_FOE_USED : STR_USED);
  if (!hits(own_mods)) {
    say_and_go_on(STR_MISSED);
    return;
  }
  if (move.power) {
    dealt = damage(attacker, own_mods, target, target_mods);
    if (by_foe)
      blink_own();
    else
      blink_foe();
    take_hp(target, dealt);
    say_result();
  }
  copy_bytes(name_buffer, by_foe ? wBattleMonNick : wEnemyMonNick, NAME_LENGTH);
  if (effect_happens(target)) apply_effect(attacker, own_mods, target, target_mods, dealt);
}

/* Sleep and paralysis: TRUE when the turn is lost. */
u8 is_prevented(u8 by_foe) {
  u8 *mon = by_foe ? wEnemyMon : wBattleMon;
  copy_bytes(name_buffer, by_foe ? wEnemyMonNick : wBattleMonNick, NAME_LENGTH);
  if (mon[BATTLE_STATUS] & STATUS_SLEEP_MASK) {
    mon[BATTLE_STATUS]--;
    u8 asleep = mon[BATTLE_STATUS] & STATUS_SLEEP_MASK;
    say_and_go_on(asleep ? STR_ASLEEP : STR_WOKE_UP);
    if (by_foe)
      draw_foe_status();
    else
      draw_own_status();
    return TRUE;
  }
  if ((mon[BATTLE_STATUS] & STATUS_PARALYSIS) && random() < 64) {
    say_and_go_on(STR_CANNOT_MOVE);
    return TRUE;
  }
  return FALSE;
}

void end_of_turn_damage(u8 *mon, u8 by_foe) {
  if (!(mon[BATTLE_STATUS] & STATUS_POISON) || !get_big16(mon + BATTLE_HP)) return;
  copy_bytes(name_buffer, by_foe ? wEnemyMonNick : wBattleMonNick, NAME_LENGTH);
  say_and_go_on(STR_HURT_BY_POISON);
  take_hp(mon, (get_big16(mon + BATTLE_MAX_HP) >> 4) + 1);
}
