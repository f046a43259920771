#include "encounter.h"
#include "abi.h"
#include "battle.h"
#include "cells.h"
#include "map.h"
#include "memory.h"
#include "party.h"
#include "people.h"
#include "private.h"
#include "script.h"
#include "step.h"
#include "system.h"

static void poison_steps(void) {
  for (u8 i = 0; i != wPartyCount; i++) {
    u8 *mon = party_mon(i);
    u16 hp = get_big16(mon + MON_HP);
    if ((mon[MON_STATUS] & STATUS_POISON) && hp > 1 && (wPlayTimeSeconds & 1)) put_big16(mon + MON_HP, hp - 1);
  }
}

static u8 run_trigger(void) {
  struct trigger trigger;
  u16 source = world.map.triggers;
  for (u8 i = world.map.num_triggers; i; i--) {
    read_far(world.bank, source, &trigger, sizeof(struct trigger));
    source += sizeof(struct trigger);
    if (trigger.y == wYCoord && trigger.x == wXCoord && holds(trigger.condition)) {
      run_script(trigger.code.bank, trigger.code.address);
      return TRUE;
    }
  }
  return FALSE;
}

static u8 wild_cell(void) {
  u8 kind = kind_at(0, 0);
  return kind == KIND_GRASS || (world.map.wild_everywhere && kind == KIND_WALK);
}

static u8 wild_slot(void) {
  static const u8 thresholds[NUM_WILD_SLOTS] = {50, 101, 140, 165, 190, 215, 228, 241, 252, 255};
  u8 draw = random();
  u8 slot = 0;
  while (draw > thresholds[slot]) slot++;
  return slot << 1;
}

static u8 meet_wild_mote(void) {
  if (!wGrassRate || !wPartyCount || !wild_cell()) return FALSE;
  if (wRepelRemainingSteps) wRepelRemainingSteps--;
  if (random() >= wGrassRate) return FALSE;
  u8 slot = wild_slot();
  u8 level = wGrassMons[slot];
  if (wRepelRemainingSteps && level < party_mon(0)[MON_LEVEL]) return FALSE;
  wild_battle(wGrassMons[slot + 1], level);
  return TRUE;
}

static void use_warp(u8 index) {
  u8 *entry = wWarpEntries + ((u16)index << 2);
  enter_by_warp(entry[3], entry[2]);
}

void after_step(void) {
  u8 warp = warp_under_player();
  if (warp != 0xFF) {
    use_warp(warp);
    return;
  }
  poison_steps();
  if (run_trigger()) return;
  u8 slot = trainer_that_sees_player();
  if (slot) {
    wJoyIgnore = PAD_EVERYTHING;
    walk_up_to_player(slot);
    wJoyIgnore = 0;
    talk_to(slot);
    return;
  }
  meet_wild_mote();
}

static u8 sign_at(u8 y, u8 x) {
  struct sign sign;
  u16 source = world.map.signs;
  for (u8 i = world.map.num_signs; i; i--) {
    read_far(world.bank, source, &sign, sizeof(struct sign));
    source += sizeof(struct sign);
    if (sign.y != y || sign.x != x) continue;
    if (sign.hidden_item != 0xFF && get_flag(wObtainedHiddenItemsFlags, sign.hidden_item)) continue;
    run_script(sign.code.bank, sign.code.address);
    return TRUE;
  }
  return FALSE;
}

void press_a(void) {
  u8 y = wYCoord + world.step_dy;
  u8 x = wXCoord + world.step_dx;
  note_tile_in_front();
  u8 slot = person_at(y, x);
  if (!slot && kind_at((i8)world.step_dy, (i8)world.step_dx) == KIND_COUNTER)
    slot = person_at(y + world.step_dy, x + world.step_dx);
  if (slot)
    talk_to(slot);
  else
    sign_at(y, x);
}
