/* Reading and writing memory: other banks, flags, big-endian numbers, the tile map. */
#ifndef MEMORY_H
#define MEMORY_H

#include "types.h"

void copy_bytes(u8 *dest, const u8 *source, u8 count);
u8 get_flag(const u8 *flags, u16 number);
void set_flag(u8 *flags, u16 number);
void clear_flag(u8 *flags, u16 number);
u16 get_big16(const u8 *bytes);
void put_big16(u8 *bytes, u16 value);
u8 holds(u16 condition);
void read_far(u8 bank, u16 source, void *dest, u16 count);
u8 *tile_at(u8 x, u8 y);

#endif
