/* The bag, money, and what items do. */
#ifndef ITEMS_H
#define ITEMS_H

#include "types.h"

void load_item(u8 id);
u8 count_in_bag(u8 id);
u8 add_to_bag(u8 id, u8 count);
void remove_from_bag(u8 id, u8 count);
u8 has_money(const u8 *bcd);
void add_money(const u8 *bcd);
void subtract_money(const u8 *bcd);
void halve_money(void);
void to_bcd(u16 value, u8 *bcd);
u8 use_item_on_mote(u8 slot);

#endif
