/* Cursors, lists, and the START menu. */
#ifndef MENU_H
#define MENU_H

#include "types.h"

#define CANCELLED 0xFF
#define LIST_ROWS 4

u8 choose(u8 x, u8 y, u8 count, u8 spacing, u8 first);
u8 choose_with_keys(u8 x, u8 y, u8 count, u8 spacing, u8 first, u8 keys);
u8 choose_from_list(u8 count, void (*draw_row)(u8 index, u8 y));
u8 choose_quantity(u8 most, u16 price);
void start_menu(void);
void show_party(void);
u8 choose_mote(void);
u8 open_bag(void);

#endif
