/* Script bytecode; the build reads this file, so numbers live here only. */
#ifndef OPCODES_H
#define OPCODES_H

#define OP_STOP 0          /* */
#define OP_SAY 1           /* text */
#define OP_ASK 2           /* text, address if no */
#define OP_JUMP 3          /* address */
#define OP_CALL 4          /* address, bank */
#define OP_IF_FLAG 5       /* flag, address if false */
#define OP_IF_NOT_FLAG 6   /* flag, address if false */
#define OP_IF_ITEM 7       /* item, address if false */
#define OP_IF_BADGE 8      /* bit, address if false */
#define OP_IF_MONEY 9      /* 3 BCD bytes, address if false */
#define OP_IF_PARTY 10     /* address if false */
#define OP_IF_FITS 11      /* address if false */
#define OP_SET_FLAG 12     /* flag */
#define OP_CLEAR_FLAG 13   /* flag */
#define OP_GIVE 14         /* item, count */
#define OP_TAKE 15         /* item, count */
#define OP_GAIN_MONEY 16   /* 3 BCD bytes */
#define OP_PAY_MONEY 17    /* 3 BCD bytes */
#define OP_GIVE_MOTE 18    /* dex number, level */
#define OP_GIVE_BADGE 19   /* bit */
#define OP_HEAL 20         /* */
#define OP_HEARTH 21       /* */
#define OP_SHOP 22         /* number */
#define OP_TRAINER 23      /* number: stops unless won */
#define OP_WILD 24         /* dex number, level: stops unless won */
#define OP_HIDE 25         /* toggle */
#define OP_SHOW 26         /* toggle */
#define OP_FACE 27         /* direction */
#define OP_STEP 28         /* direction, count */
#define OP_WARP 29         /* map, warp */
#define OP_WAIT 30         /* frames */
#define OP_FLASH 31        /* */
#define OP_FOUND_HIDDEN 32 /* hidden item number */
#define OP_ENDING 33       /* */

#endif
