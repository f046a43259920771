/* Printing messages letter by letter. */
#ifndef TEXT_H
#define TEXT_H

#include "private.h"

/* Codes inside strings; the rest are characters. */
#define TEXT_NEXT_ROW 0x4F
#define TEXT_END 0x50
#define TEXT_NEW_PAGE 0x51
#define TEXT_PLAYER 0x52
#define TEXT_RIVAL 0x53
#define TEXT_FIRST_MOTE 0x54
#define TEXT_SCROLL 0x55
#define TEXT_NAME 0x56
#define TEXT_NAME2 0x57
#define TEXT_OWN_MOTE 0x58
#define TEXT_FOE 0x59
#define TEXT_NUMBER 0x5A

void open_message_box(void);
u16 print_far(u8 bank, u16 address);
void print(const u8 *message);
void say(const u8 *message);
void say_and_go_on(const u8 *message);
void wait_page(void);
void set_number(u16 value);

#endif
