#include "battle.h"
#include "abi.h"
#include "attack.h"
#include "battle_screen.h"
#include "content.h"
#include "growth.h"
#include "items.h"
#include "joypad.h"
#include "map.h"
#include "memory.h"
#include "menu.h"
#include "party.h"
#include "private.h"
#include "screen.h"
#include "script.h"
#include "strings.h"
#include "system.h"
#include "text.h"

#define COMMAND_FIGHT 0
#define COMMAND_PARTY 1
#define COMMAND_BAG 2
#define COMMAND_RUN 3
#define BLACK_OUT_FRAMES 48 /* long enough to be seen by whoever looks every 24 */

static void to_battle_struct(u8 *fighter, const u8 *mon) {
  copy_bytes(fighter, mon, 12);
  copy_bytes(fighter + BATTLE_DVS, mon + MON_DVS, 2);
  fighter[BATTLE_LEVEL] = mon[MON_LEVEL];
  copy_bytes(fighter + BATTLE_MAX_HP, mon + MON_MAX_HP, 10);
  copy_bytes(fighter + BATTLE_PP, mon + MON_PP, 4);
}

static void reset_mods(u8 *mods) {
  for (u8 i = 0; i != NUM_STAT_MODS; i++) mods[i] = NEUTRAL_MOD;
}

static void set_nick(u8 *nick) {
  copy_bytes(nick, species.name, NAME_LENGTH);
  nick[NAME_LENGTH - 1] = TEXT_END;
}

static void send_out(u8 slot) {
  wPlayerMonNumber = slot;
  u8 *mon = party_mon(slot);
  to_battle_struct(wBattleMon, mon);
  wBattleMon[BATTLE_PARTY_POS] = slot;
  copy_bytes(wBattleMonNick, party_nick(slot), NAME_LENGTH);
  reset_mods(wPlayerMonStatMods);
  battle.fought |= (u8)(1 << slot);
  say_and_go_on(STR_GO);
  show_own_mote();
  draw_own_status();
}

static void face_foe(const u8 *mon) {
  to_battle_struct(wEnemyMon, mon);
  u8 dex = dex_of(mon[MON_SPECIES]);
  load_species(dex);
  wEnemyMonSpecies2 = mon[MON_SPECIES];
  wCurEnemyLevel = mon[MON_LEVEL];
  set_nick(wEnemyMonNick);
  set_flag(wPokedexSeen, dex - 1);
  reset_mods(wEnemyMonStatMods);
  battle.fought = 0;
  show_foe(&species.front);
}

static u8 first_able(void) {
  u8 slot = 0;
  while (slot != wPartyCount && !get_big16(party_mon(slot) + MON_HP)) slot++;
  return slot;
}

static u8 foe_move(void) {
  u8 count = 0;
  while (count != 4 && wEnemyMon[BATTLE_MOVES + count]) count++;
  return wEnemyMon[BATTLE_MOVES + random() % count];
}

static u8 foe_is_down(void) {
  return !get_big16(wEnemyMon + BATTLE_HP);
}

static u8 own_is_down(void) {
  return !get_big16(wBattleMon + BATTLE_HP);
}

/* ---- the menus of a turn ---- */

static u8 choose_command(void) {
  u8 column = 0, row = 0;
  clear_battle_menu();
  draw_box(4, 12, 16, 6);
  put_text(6, 14, STR_FIGHT);
  put_text(13, 14, STR_PARTY);
  put_text(6, 16, STR_BAG);
  put_text(13, 16, STR_RUN);
  wTextBoxID = TEXT_BOX_BATTLE_MENU;
  for (;;) {
    u8 chosen = choose_with_keys(column ? 12 : 5, 14, 2, 2, row, PAD_A | PAD_LEFT | PAD_RIGHT);
    row = wCurrentMenuItem;
    if (chosen != CANCELLED) return (row << 1) | column;
    if (hJoyPressed & PAD_RIGHT) column = 1;
    if (hJoyPressed & PAD_LEFT) column = 0;
  }
}

static u8 has_pp(void) {
  for (u8 i = 0; i != 4; i++)
    if (wBattleMon[BATTLE_MOVES + i] && wBattleMon[BATTLE_PP + i]) return TRUE;
  return FALSE;
}

static void draw_move_names(u8 count) {
  draw_box(4, 12, 16, 6);
  for (u8 i = 0; i != count; i++) {
    load_move(wBattleMon[BATTLE_MOVES + i]);
    put_text(6, 13 + i, move.name);
    put_number(18, 13 + i, wBattleMon[BATTLE_PP + i], 1);
    if (wBattleMon[BATTLE_PP + i] > 9) put_number(17, 13 + i, wBattleMon[BATTLE_PP + i], 2);
  }
}

/* TRUE when a move was chosen; without any power points left it is the last resort. */
static u8 choose_move(void) {
  u8 count = 0;
  if (!has_pp()) {
    say_and_go_on(STR_NO_MOVES);
    battle.own_move_slot = 0;
    return TRUE;
  }
  while (count != 4 && wBattleMon[BATTLE_MOVES + count]) count++;
  for (;;) {
    draw_move_names(count);
    u8 slot = choose(5, 13, count, 1, 0);
    if (slot == CANCELLED) return FALSE;
    if (wBattleMon[BATTLE_PP + slot]) {
      battle.own_move_slot = slot;
      return TRUE;
    }
    say(STR_NO_PP);
  }
}

static void redraw_battle(void) {
  clear_screen();
  load_species(dex_of(wEnemyMon[BATTLE_SPECIES]));
  show_foe(&species.front);
  draw_foe_status();
  show_own_mote();
  draw_own_status();
  clear_battle_menu();
}

/* TRUE when another mote was sent out. */
static u8 choose_other_mote(u8 must) {
  for (;;) {
    u8 slot = choose_mote();
    if (slot == CANCELLED) {
      if (must) continue;
      redraw_battle();
      return FALSE;
    }
    if (!get_big16(party_mon(slot) + MON_HP) || slot == wPlayerMonNumber) {
      say(STR_CANNOT_FIGHT);
      continue;
    }
    wPlayerMonNumber = slot;
    to_battle_struct(wBattleMon, party_mon(slot));
    redraw_battle();
    send_out(slot);
    return TRUE;
  }
}

static u8 is_caught(void) {
  u16 most = get_big16(wEnemyMon + BATTLE_MAX_HP) * 3;
  u16 left = most - get_big16(wEnemyMon + BATTLE_HP) * 2;
  u32 chance = (u32)wEnemyMon[BATTLE_CATCH_RATE] * left / most * item.value / 100;
  if (wEnemyMon[BATTLE_STATUS]) chance += chance >> 1;
  return random() < chance;
}

static void keep_caught(void) {
  u8 dex = dex_of(wEnemyMon[BATTLE_SPECIES]);
  u8 *mon = scratch;
  make_mon(mon, dex, wEnemyMon[BATTLE_LEVEL]);
  copy_bytes(mon + MON_DVS, wEnemyMon + BATTLE_DVS, 2);
  compute_stats(mon);
  copy_bytes(mon + MON_HP, wEnemyMon + BATTLE_HP, 2);
  put_in_party(mon, dex);
}

/* FALSE when there is nothing to throw it at. */
static u8 throw_lamp(void) {
  if (wIsInBattle == TRAINER_BATTLE || wPartyCount == PARTY_LENGTH) {
    say(wIsInBattle == TRAINER_BATTLE ? STR_NOT_YOURS : STR_NO_ROOM);
    return FALSE;
  }
  remove_from_bag(item.id, 1);
  copy_bytes(name_buffer, item.name, 13);
  say_and_go_on(STR_THREW);
  blink_foe();
  if (!is_caught()) {
    say(STR_BROKE_FREE);
    return TRUE;
  }
  say(STR_CAUGHT);
  keep_caught();
  battle.outcome = OUTCOME_CAUGHT;
  return TRUE;
}

/* TRUE when the turn is used up. */
static u8 use_from_bag(void) {
  u8 id = open_bag();
  if (id == CANCELLED) {
    redraw_battle();
    return FALSE;
  }
  load_item(id);
  if (item.kind == ITEM_CATCH) {
    redraw_battle();
    return throw_lamp();
  }
  if (item.kind != ITEM_HEAL && item.kind != ITEM_CURE && item.kind != ITEM_REVIVE) {
    redraw_battle();
    say(STR_NOT_NOW);
    return FALSE;
  }
  u8 slot = choose_mote();
  u8 used = slot != CANCELLED && use_item_on_mote(slot);
  if (used && slot == wPlayerMonNumber) {
    copy_bytes(wBattleMon + BATTLE_HP, party_mon(slot) + MON_HP, 2);
    wBattleMon[BATTLE_STATUS] = party_mon(slot)[MON_STATUS];
  }
  redraw_battle();
  if (!used) say(STR_NO_USE);
  return used;
}

static u8 try_to_run(void) {
  if (wIsInBattle == TRAINER_BATTLE) {
    say(STR_NO_RUNNING);
    return FALSE;
  }
  battle.run_tries++;
  u16 own = modified_stat(wBattleMon, wPlayerMonStatMods, MOD_SPEED);
  u16 foe = modified_stat(wEnemyMon, wEnemyMonStatMods, MOD_SPEED);
  u16 odds = own * 32 / ((foe >> 2) + 1) + battle.run_tries * 30;
  if (own >= foe || random() < odds) {
    say_and_go_on(STR_RAN);
    battle.outcome = OUTCOME_RAN;
  } else {
    say(STR_CANNOT_RUN);
  }
  return TRUE;
}

/* ---- a turn ---- */

static void own_attack(void) {
  if (battle.switched || is_prevented(FALSE)) return;
  u8 slot = battle.own_move_slot;
  if (wBattleMon[BATTLE_PP + slot]) {
    wBattleMon[BATTLE_PP + slot]--;
    keep_own_condition();
  }
  use_move(FALSE, wBattleMon[BATTLE_MOVES + slot]);
}

static void foe_attack(void) {
  if (!is_prevented(TRUE)) use_move(TRUE, foe_move());
}

static u8 own_is_first(void) {
  u16 own = modified_stat(wBattleMon, wPlayerMonStatMods, MOD_SPEED);
  u16 foe = modified_stat(wEnemyMon, wEnemyMonStatMods, MOD_SPEED);
  if (own == foe) return random() & 1;
  return own > foe;
}

static void fight(void) {
  u8 own_first = battle.switched || own_is_first();
  if (own_first)
    own_attack();
  else
    foe_attack();
  if (own_is_down() || foe_is_down()) return;
  if (own_first)
    foe_attack();
  else
    own_attack();
}

/* TRUE when the player's choice takes the turn. */
static u8 take_command(void) {
  battle.switched = TRUE;
  switch (choose_command()) {
    case COMMAND_FIGHT:
      battle.switched = FALSE;
      return choose_move();
    case COMMAND_PARTY: return choose_other_mote(FALSE);
    case COMMAND_BAG: return use_from_bag();
    default: return try_to_run();
  }
}

static void next_foe(void) {
  say(STR_FOE_FAINTED);
  hide_foe();
  share_experience();
  if (wIsInBattle == WILD_BATTLE || ++battle.enemy_slot == wEnemyPartyCount) {
    battle.outcome = OUTCOME_WON;
    return;
  }
  face_foe(wEnemyMons + battle.enemy_slot * PARTY_STRUCT_SIZE);
  say_and_go_on(STR_FOE_SENDS);
  draw_foe_status();
  battle.fought = (u8)(1 << wPlayerMonNumber);
}

static void own_fell(void) {
  copy_bytes(name_buffer, wBattleMonNick, NAME_LENGTH);
  keep_own_condition();
  say(STR_FAINTED);
  if (!able_motes()) {
    battle.outcome = OUTCOME_LOST;
    return;
  }
  choose_other_mote(TRUE);
}

static void battle_loop(void) {
  battle.outcome = OUTCOME_NONE;
  battle.run_tries = 0;
  while (!battle.outcome) {
    while (!take_command());
    if (battle.outcome) break;
    fight();
    if (!own_is_down()) end_of_turn_damage(wBattleMon, FALSE);
    if (!foe_is_down()) end_of_turn_damage(wEnemyMon, TRUE);
    if (foe_is_down()) next_foe();
    if (own_is_down() && battle.outcome != OUTCOME_LOST) {
      if (battle.outcome == OUTCOME_WON && able_motes()) break;
      own_fell();
    }
  }
}

static void black_out(void) {
  wIsInBattle = LOST_BATTLE;
  fade_out();
  delay_frames(BLACK_OUT_FRAMES);
  halve_money();
  heal_party();
  load_text_tiles();
  enter_hearth();
  wIsInBattle = NOT_IN_BATTLE;
  wCurOpponent = 0;
  run_script(SCRIPT_BLACKOUT_BANK, SCRIPT_BLACKOUT_ADDRESS);
}

/* TRUE unless the battle was lost (then the player is already back at a hearth). */
static u8 finish(void) {
  u8 outcome = battle.outcome;
  wBattleResult = outcome == OUTCOME_LOST ? 1 : outcome == OUTCOME_WON ? 0 : 2;
  if (outcome == OUTCOME_LOST) {
    black_out();
    return FALSE;
  }
  if (outcome == OUTCOME_WON) evolve_party();
  close_battle_screen();
  wIsInBattle = NOT_IN_BATTLE;
  wCurOpponent = 0;
  return TRUE;
}

u8 wild_battle(u8 index, u8 level) {
  u8 *mon = scratch;
  wCurOpponent = index;
  wIsInBattle = WILD_BATTLE;
  make_mon(mon, dex_of(index), level);
  open_battle_screen();
  show_player();
  face_foe(mon);
  say(STR_WILD_APPEARED);
  draw_foe_status();
  send_out(first_able());
  battle_loop();
  return finish();
}

static void build_enemy_party(void) {
  for (u8 i = 0; i != trainer.count; i++) {
    u8 *mon = wEnemyMons + i * PARTY_STRUCT_SIZE;
    make_mon(mon, trainer.party[i << 1], trainer.party[(i << 1) + 1]);
    wEnemyPartySpecies[i] = mon[MON_SPECIES];
  }
  wEnemyPartySpecies[trainer.count] = 0xFF;
  wEnemyPartyCount = trainer.count;
}

static void win_prize(void) {
  u8 prize[3];
  show_trainer_picture(&trainer.picture);
  open_message_box();
  print_far(trainer.lose.bank, trainer.lose.address);
  wait_page();
  to_bcd(trainer.prize, prize);
  add_money(prize);
  set_number(trainer.prize);
  say(STR_PRIZE);
}

u8 trainer_battle(u8 number) {
  read_far(TRAINERS_BANK, TRAINERS_ADDRESS + (u16)number * sizeof(trainer), &trainer, sizeof(trainer));
  wTrainerClass = trainer.trainer_class;
  wTrainerNo = trainer.number;
  wCurOpponent = OPPONENT_TRAINER + trainer.trainer_class;
  wIsInBattle = TRAINER_BATTLE;
  build_enemy_party();
  battle.enemy_slot = 0;
  open_battle_screen();
  show_player();
  show_trainer_picture(&trainer.picture);
  copy_bytes(name_buffer, trainer.name, 13);
  say(STR_WANTS_TO_FIGHT);
  hide_foe();
  face_foe(wEnemyMons);
  say_and_go_on(STR_FOE_SENDS);
  draw_foe_status();
  send_out(first_able());
  battle_loop();
  if (battle.outcome == OUTCOME_WON) {
    copy_bytes(name_buffer, trainer.name, 13);
    win_prize();
  }
  return finish();
}
