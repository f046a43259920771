/* The engine's own RAM, nothing here is part of the memory interface.
   Ranges: C000-C0FF, C670-C6E7, C6E8-CBFB. crt0.s names the first block too. */
#ifndef PRIVATE_H
#define PRIVATE_H

#include "types.h"

struct far {
  u16 address;
  u8 bank;
};

/* Shared with crt0.s */
#define cell_tiles BYTES(0xC000)
#define cell_kinds BYTES(0xC670)
#define redraw_mode RAM8(0xC6B0)
#define redraw_dest RAM16(0xC6B1)
#define far_bank RAM8(0xC6B3)
#define far_length RAM16(0xC6B4)
#define frames_done RAM8(0xC6B8)
#define map_bank RAM8(0xC6B9)
#define map_stride RAM8(0xC6BA)
#define VIEW_COLUMNS 12
#define VIEW_ROWS 11
#define VIEW_PLAYER (5 * VIEW_COLUMNS + 5)
#define view BYTES(0xC6E8)
#define redraw_tiles BYTES(0xC770)
#define REDRAW_COLUMN 1
#define REDRAW_ROW 2

/* One map as the build lays it out; pointers are in the bank of the header. */
struct map_header {
  u8 tileset, height, width;
  u8 grid_bank;
  u16 grid; /* cell (-5, -5) */
  u8 stride;
  u8 grid_y, grid_x;
  u8 num_warps;
  u16 warps;
  u8 num_signs;
  u16 signs;
  u8 num_objects;
  u16 objects;
  u8 num_triggers;
  u16 triggers;
  u8 num_patches;
  u16 patches;
  u8 num_sprites;
  u16 sprites;
  u8 wild_rate;
  u8 wild[20];
  u8 hearth_y, hearth_x;
  u8 wild_everywhere;
  u8 town; /* its bit in wTownVisitedFlag + 1; 0: not a town */
  u8 name[11];
};

struct flag_condition {
  u16 flag; /* 0x8000: unless, 0x4000: if, 0xFFFF: always */
};

struct sign {
  u8 y, x;
  struct far code;
  u8 hidden_item; /* 0xFF: an ordinary sign */
};

struct trigger {
  u8 y, x;
  struct far code;
  u16 condition;
};

struct patch {
  u8 y, x; /* in the grid */
  u8 cell;
  u16 condition;
};

struct person {
  u8 y, x;
  u8 sprite;
  u8 facing;
  u8 movement;
  u8 sight; /* 0: not a trainer */
  struct far code;
  u16 condition;
  u8 toggle;
  u8 first_tile;
  u8 num_frames; /* 1, 3 or 6 */
  u16 beaten;    /* a trainer's flag */
};
#define STAY 0
#define WANDER 1
#define WANDER_UP_DOWN 2
#define WANDER_LEFT_RIGHT 3

struct world {
  struct map_header map;
  u8 bank;        /* of the map header */
  u8 loaded_tileset;
  u8 column, row; /* of the background map shown at the screen's top left, in tiles */
  u8 step_dx, step_dy;
  u8 steps_left;  /* cells still to go by themselves (ledge, script) */
  u8 forced_direction;
  u8 no_trigger;  /* just arrived: warps and triggers wait for a step */
  u8 request;     /* what the loop does next */
  u8 speaker;     /* slot spoken to, 0 = none */
  u8 jumping;
  u8 hearth_map;
  u8 turned;
  u8 oam_used;    /* bytes that the sprites drawn last take */
  u8 changed;     /* a flag with patches was set: the background map is out of date */
};
#define world AT(struct world, 0xC7A0)

struct text {
  u8 column, row;
  u8 window_open;
  u8 hurry;
  u8 number[6];
};
#define text AT(struct text, 0xC800)

struct script {
  u8 bank;
  u16 pc;
  u8 depth;
  u16 return_pc[4];
  u8 return_bank[4];
  u8 fits;
  u8 running;
};
#define script AT(struct script, 0xC810)

#define name_buffer BYTES(0xC830)  /* 16 */
#define name_buffer2 BYTES(0xC840) /* 16 */

struct species {
  u8 index, dex;
  u8 type1, type2;
  u8 base[5]; /* HP attack defence speed special */
  u8 catch_rate, exp_yield;
  u8 evolve_level, evolve_into; /* by dex number; 0 = never */
  u8 learn_level[8], learn_move[8];
  struct far front, back;
  u8 name[13];
};
#define species AT(struct species, 0xC850)

struct move {
  u8 effect, power, type, accuracy, pp;
  u8 name[13];
};
#define move AT(struct move, 0xC890)

struct item {
  u8 id;
  u8 kind, value;
  u16 price;
  u8 name[13];
  struct far about;
};
#define item AT(struct item, 0xC8B0)
#define ITEM_KEY 0
#define ITEM_HEAL 1
#define ITEM_CURE 2
#define ITEM_REVIVE 3
#define ITEM_CATCH 4
#define ITEM_REPEL 5
#define ITEM_LIGHT 6

struct trainer {
  u8 trainer_class, number;
  u16 prize;
  u16 flag;
  u8 count;
  u8 party[12]; /* dex, level */
  struct far picture;
  struct far lose;
  u8 name[13];
};
#define trainer AT(struct trainer, 0xC8D0)

struct battle {
  u8 turns_over;    /* set when the battle has ended */
  u8 outcome;
  u8 enemy_slot;
  u8 own_move_slot, enemy_move_slot;
  u8 critical, effectiveness; /* 10 = neutral */
  u8 fought;        /* bit per party slot: shares the experience */
  u8 run_tries;
  u8 switched;
  u8 missed;
};
#define battle AT(struct battle, 0xC910)

#define scratch BYTES(0xC930) /* 64: lists, records */
#define shop_items BYTES(0xC970) /* 12 */
#define people ((struct person *)ADDRESS(0xC980)) /* 16 x 16 */
#define patch_list ((struct patch *)ADDRESS(0xCA80)) /* 40 x 5 */

#endif
