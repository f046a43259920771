/* Sprites: the player and the people, items and trainers of the map. */
#ifndef PEOPLE_H
#define PEOPLE_H

#include "types.h"

void load_people(void);
void load_people_tiles(void);
void place_people(void);
void update_people(u8 all);
void show_people(void);
void cover_people(void);
void draw_sprites(void);
u8 person_at(u8 y, u8 x);
void face_player(u8 slot);
u8 trainer_that_sees_player(void);
void walk_up_to_player(u8 slot);
u8 facing_of(u8 direction);
u8 is_hidden(u8 slot);

#endif
