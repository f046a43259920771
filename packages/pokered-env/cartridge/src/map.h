/* Loading maps, showing them, going from one into another. */
#ifndef MAP_H
#define MAP_H

#include "private.h"

void load_map(u8 map);
void enter_map(u8 map, u8 y, u8 x);
void enter_by_warp(u8 map, u8 warp);
void enter_hearth(void);
void note_flag(u16 flag);
void show_changes(void);
void refresh_view(void);
void show_map(void);

#endif
