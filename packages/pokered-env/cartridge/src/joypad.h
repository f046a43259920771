/* Waiting for frames and for buttons. */
#ifndef JOYPAD_H
#define JOYPAD_H

#include "types.h"

void delay_frames(u8 frames);
void poll_joypad(void);
u8 wait_button(u8 mask);

#endif
