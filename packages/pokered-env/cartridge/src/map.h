/* Loading maps, the cells round the player, regions of the outdoor world. */
#ifndef MAP_H
#define MAP_H

#include "private.h"

#define KIND_WALK 0
#define KIND_SOLID 1
#define KIND_GRASS 2
#define KIND_LEDGE 3
#define KIND_WATER 4
#define KIND_COUNTER 5
#define KIND_DOOR 6

void load_map(u8 map);
void enter_map(u8 map, u8 y, u8 x);
void enter_by_warp(u8 map, u8 warp);
void enter_hearth(void);
void note_flag(u16 flag);
void show_changes(void);
void refresh_view(void);
void show_map(void);
u8 cross_border(u8 y, u8 x);
u8 kind_at(i8 dy, i8 dx);
u8 warp_under_player(void);

#endif
