#ifndef TYPES_H
#define TYPES_H

typedef unsigned char u8;
typedef signed char i8;
typedef unsigned int u16;
typedef int i16;
typedef unsigned long u32;

/* SDCC 4.2.0 miscompiles named RAM globals on the sm83, so every variable
   that outlives a function lives at a fixed address behind a cast. */
#define RAM8(address) (*(volatile u8 *)(address))
#define RAM16(address) (*(volatile u16 *)(address))
#define BYTES(address) ((u8 *)(address))
#define AT(type, address) (*(type *)(address))

#define FALSE 0
#define TRUE 1

#endif
