/* The cartridge's arithmetic on a computer: its C files as they are, the machine replaced. */
#define random host_random /* the C library has one, too */
#include "abi.h"
#include "battle_screen.h"
#include "content.h"
#include "menu.h"
#include "people.h"
#include "system.h"
#include "text.h"

u8 host_memory[0x10000];
u8 host_rom[0x20000];
u8 host_draws[16]; /* what random() gives, in turn */
u8 host_num_draws;

#include "attack.c"
#include "growth.c"
#include "items.c"
#include "party.c"
#include "memory.c"
#include "screen.c"

u8 random(void) { return host_draws[host_num_draws++ & 15]; }
u8 far_byte(u16 source) { return host_rom[far_bank * 0x4000 + (source & 0x3FFF)]; }
void far_copy(void *dest, u16 source) {
  for (u16 i = 0; i != far_length; i++) ((u8 *)dest)[i] = far_byte(source + i);
}
void far_copy_vram(u16 dest, u16 source) { far_copy(host_memory + dest, source); }
void far_copy_vram_double(u16 dest, u16 source) { (void)dest, (void)source; }
void delay_frame(void) {}
void delay_frames(u8 frames) { (void)frames; }
void cover_people(void) {}
void draw_own_status(void) {}
void draw_foe_status(void) {}
void blink_own(void) {}
void blink_foe(void) {}
void open_message_box(void) {}
void print(const u8 *message) { (void)message; }
void say(const u8 *message) { (void)message; }
void say_and_go_on(const u8 *message) { (void)message; }
void set_number(u16 value) { (void)value; }
u8 choose(u8 x, u8 y, u8 count, u8 spacing, u8 first) { return (void)x, (void)y, (void)count, (void)spacing, first; }

/* The own mote attacks the foe. */
u16 host_damage(void) { return damage(wBattleMon, wPlayerMonStatMods, wEnemyMon, wEnemyMonStatMods); }
u16 host_stat(u8 which) { return modified_stat(wBattleMon, wPlayerMonStatMods, which); }
void host_stats(void) { compute_stats(wPartyMons); }
