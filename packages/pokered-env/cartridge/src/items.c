#include "items.h"
#include "abi.h"
#include "content.h"
#include "memory.h"
#include "party.h"
#include "private.h"
#include "system.h"

#define MAX_QUANTITY 99
#define END_OF_BAG 0xFF

void load_item(u8 id) {
  u16 source = ITEMS_ADDRESS;
  for (u8 i = NUM_ITEMS; i; i--) {
    read_far(ITEMS_BANK, source, &item, sizeof(item));
    if (item.id == id) return;
    source += sizeof(item);
  }
}

/* The entry (id, quantity) of an item, or the end of the bag. */
static u8 *find_in_bag(u8 id) {
  u8 *entry = wBagItems;
  while (*entry != END_OF_BAG && *entry != id) entry += 2;
  return entry;
}

u8 count_in_bag(u8 id) {
  u8 *entry = find_in_bag(id);
  return *entry == id ? entry[1] : 0;
}

u8 add_to_bag(u8 id, u8 count) {
  u8 *entry = find_in_bag(id);
  if (*entry == id) {
    if (entry[1] + count > MAX_QUANTITY) return FALSE;
    entry[1] += count;
    return TRUE;
  }
  if (wNumBagItems == BAG_CAPACITY) return FALSE;
  wNumBagItems++;
  entry[2] = END_OF_BAG;
  entry[1] = count;
  entry[0] = id;
  return TRUE;
}

void remove_from_bag(u8 id, u8 count) {
  u8 *entry = find_in_bag(id);
  if (*entry != id) return;
  if (entry[1] > count) {
    entry[1] -= count;
    return;
  }
  wNumBagItems--;
  do {
    entry[0] = entry[2];
    entry[1] = entry[3];
    entry += 2;
  } while (entry[-2] != END_OF_BAG);
}

void to_bcd(u16 value, u8 *bcd) {
  for (u8 i = 3; i--;) {
    u8 low = (u8)(value % 10);
    value /= 10;
    bcd[i] = low | ((u8)(value % 10) << 4);
    value /= 10;
  }
}

static u8 bcd_add(u8 a, u8 b, u8 *carry) {
  u8 low = (a & 15) + (b & 15) + *carry;
  u8 high = (a >> 4) + (b >> 4);
  if (low > 9) {
    low -= 10;
    high++;
  }
  *carry = high > 9;
  if (high > 9) high -= 10;
  return (u8)(high << 4) | low;
}

u8 has_money(const u8 *bcd) {
  for (u8 i = 0; i != 3; i++)
    if (wPlayerMoney[i] != bcd[i]) return wPlayerMoney[i] > bcd[i];
  return TRUE;
}

void add_money(const u8 *bcd) {
  u8 sum[3];
  u8 carry = 0;
  for (u8 i = 3; i--;) sum[i] = bcd_add(wPlayerMoney[i], bcd[i], &carry);
  for (u8 i = 0; i != 3; i++) wPlayerMoney[i] = carry ? 0x99 : sum[i];
}

/* Adds the nines' complement; never below zero. */
void subtract_money(const u8 *bcd) {
  u8 enough = has_money(bcd);
  u8 carry = 1;
  for (u8 i = 3; i--;) {
    u8 rest = bcd_add(wPlayerMoney[i], 0x99 - bcd[i], &carry);
    wPlayerMoney[i] = enough ? rest : 0;
  }
}

void halve_money(void) {
  u8 rest = 0;
  for (u8 i = 0; i != 3; i++) {
    u8 high = (wPlayerMoney[i] >> 4) + rest;
    u8 low = wPlayerMoney[i] & 15;
    rest = (high & 1) ? 10 : 0;
    low += rest;
    rest = (low & 1) ? 10 : 0;
    wPlayerMoney[i] = (u8)((high >> 1) << 4) | (low >> 1);
  }
}

static u8 heal(u8 *mon) {
  u16 hp = get_big16(mon + MON_HP);
  u16 most = get_big16(mon + MON_MAX_HP);
  if (!hp || hp == most) return FALSE;
  hp += item.value;
  put_big16(mon + MON_HP, hp > most ? most : hp);
  return TRUE;
}

static u8 cure(u8 *mon) {
  u8 was_ill = mon[MON_STATUS];
  mon[MON_STATUS] = 0;
  return was_ill != 0;
}

static u8 revive(u8 *mon) {
  if (get_big16(mon + MON_HP)) return FALSE;
  put_big16(mon + MON_HP, get_big16(mon + MON_MAX_HP) >> 1);
  mon[MON_STATUS] = 0;
  return TRUE;
}

/* The loaded item on a member of the party; FALSE when it would do nothing. */
u8 use_item_on_mote(u8 slot) {
  u8 *mon = party_mon(slot);
  u8 used = FALSE;
  if (item.kind == ITEM_HEAL) used = heal(mon);
  if (item.kind == ITEM_CURE) used = cure(mon);
  if (item.kind == ITEM_REVIVE) used = revive(mon);
  if (used) remove_from_bag(item.id, 1);
  return used;
}
