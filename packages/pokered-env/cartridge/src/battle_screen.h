/* What a battle looks like. */
#ifndef BATTLE_SCREEN_H
#define BATTLE_SCREEN_H

#include "private.h"

void open_battle_screen(void);
void close_battle_screen(void);
void show_foe(const struct far *picture);
void hide_foe(void);
void show_player(void);
void show_own_mote(void);
void show_trainer_picture(const struct far *picture);
void draw_foe_status(void);
void draw_own_status(void);
void draw_hp_bar(u8 x, u8 y, u16 hp, u16 most);
void draw_level(u8 x, u8 y, u8 level);
void draw_status(u8 x, u8 y, u8 status, u8 level);
void blink_foe(void);
void blink_own(void);
void clear_battle_menu(void);

#endif
