#include "memory.h"
#include "abi.h"
#include "private.h"
#include "system.h"

void read_far(u8 bank, u16 source, void *dest, u16 count) {
  far_bank = bank;
  far_length = count;
  far_copy(dest, source);
}

void copy_bytes(u8 *dest, const u8 *source, u8 count) {
  while (count--) *dest++ = *source++;
}

u8 get_flag(const u8 *flags, u16 number) {
  return flags[number >> 3] & (u8)(1 << ((u8)number & 7));
}

void set_flag(u8 *flags, u16 number) {
  flags[number >> 3] |= (u8)(1 << ((u8)number & 7));
}

void clear_flag(u8 *flags, u16 number) {
  flags[number >> 3] &= (u8)~(1 << ((u8)number & 7));
}

u16 get_big16(const u8 *bytes) {
  return ((u16)bytes[0] << 8) | bytes[1];
}

void put_big16(u8 *bytes, u16 value) {
  bytes[0] = (u8)(value >> 8);
  bytes[1] = (u8)value;
}

/* Event flag conditions of objects, triggers and patches. */
u8 holds(u16 condition) {
  if (condition == 0xFFFF) return TRUE;
  u8 is_set = get_flag(wEventFlags, condition & 0x3FFF) != 0;
  return (condition & 0x8000) ? !is_set : is_set;
}

u8 *tile_at(u8 x, u8 y) {
  return wTileMap + (u16)y * SCREEN_COLUMNS + x;
}
