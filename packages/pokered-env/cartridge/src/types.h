#ifndef TYPES_H
#define TYPES_H

typedef unsigned char u8;
typedef signed char i8;
#ifdef HOST /* a computer's compiler, for the unit tests: all memory is one array */
typedef unsigned short u16;
typedef short i16;
typedef unsigned int u32;
extern u8 host_memory[0x10000];
#define ADDRESS(address) (host_memory + (address))
#else
typedef unsigned int u16;
typedef int i16;
typedef unsigned long u32;
#define ADDRESS(address) (address)
#endif

/* SDCC 4.2.0 miscompiles named RAM globals on the sm83, so every variable
   that outlives a function lives at a fixed address behind a cast. */
#define RAM8(address) (*(volatile u8 *)ADDRESS(address))
#define RAM16(address) (*(volatile u16 *)ADDRESS(address))
#define BYTES(address) ((u8 *)ADDRESS(address))
#define AT(type, address) (*(type *)ADDRESS(address))

#define FALSE 0
#define TRUE 1

#endif
