/* Routines of crt0.s and the hardware registers the C code touches. */
#ifndef SYSTEM_H
#define SYSTEM_H

#include "types.h"

#define rLCDC RAM8(0xFF40)
#define rSTAT RAM8(0xFF41)
#define rLY RAM8(0xFF44)
#define rBGP RAM8(0xFF47)
#define rOBP0 RAM8(0xFF48)
#define rOBP1 RAM8(0xFF49)
#define LCD_ON 0xE3 /* window map 9C00, signed tiles, 8x8 sprites */

#define VRAM_SPRITES 0x8000
#define VRAM_FONT 0x8800
#define VRAM_TILES 0x9000
#define VRAM_BACKGROUND 0x9800
#define VRAM_WINDOW 0x9C00

void delay_frame(void);
void delay_two_frames(void);
u8 random(void);

void far_copy(void *dest, u16 source);
u8 far_byte(u16 source);
void far_copy_vram(u16 dest, u16 source);
void far_copy_vram_double(u16 dest, u16 source);
void write_vram(u16 dest, u8 value);

void load_view(u16 cells);
void draw_view(void);

#endif
