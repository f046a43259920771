#include "script.h"
#include "abi.h"
#include "ask.h"
#include "battle.h"
#include "content.h"
#include "dialogue.h"
#include "items.h"
#include "joypad.h"
#include "map.h"
#include "memory.h"
#include "opcodes.h"
#include "party.h"
#include "people.h"
#include "private.h"
#include "screen.h"
#include "scripted_walk.h"
#include "shop.h"
#include "step.h"
#include "strings.h"
#include "system.h"
#include "text.h"

static u8 next_byte(void) {
  far_bank = script.bank;
  return far_byte(script.pc++);
}

static u16 next_word(void) {
  u8 low = next_byte();
  return low | ((u16)next_byte() << 8);
}

static void jump_unless(u8 condition) {
  u16 target = next_word();
  if (!condition) script.pc = target;
}

static void close_box(void) {
  if (!hWY && world.bank) end_dialogue(); /* before the first map there is nothing to return to */
}

static void print_here(void) {
  open_message_box();
  script.pc = print_far(script.bank, script.pc);
}

static void ask(void) {
  print_here();
  u8 yes = ask_yes_no();
  close_box();
  jump_unless(yes);
}

static void call(void) {
  u16 target = next_word();
  u8 bank = next_byte();
  script.return_pc[script.depth] = script.pc;
  script.return_bank[script.depth] = script.bank;
  script.depth++;
  script.pc = target;
  script.bank = bank;
}

static u8 leave(void) {
  if (!script.depth) return FALSE;
  script.depth--;
  script.pc = script.return_pc[script.depth];
  script.bank = script.return_bank[script.depth];
  return TRUE;
}

static void next_money(u8 *bcd) {
  for (u8 i = 0; i != 3; i++) bcd[i] = next_byte();
}

static void change_flag(u16 flag, u8 on) {
  if (on)
    set_flag(wEventFlags, flag);
  else
    clear_flag(wEventFlags, flag);
  note_flag(flag);
  if (hWY) show_changes(); /* else when the box is closed */
}

static void give(void) {
  u8 id = next_byte();
  u8 count = next_byte();
  load_item(id);
  script.fits = add_to_bag(id, count);
  copy_bytes(name_buffer, item.name, 13);
  say(script.fits ? STR_GOT_ITEM : STR_BAG_FULL);
}

static void give_mote(void) {
  u8 dex = next_byte();
  u8 level = next_byte();
  script.fits = add_to_party(dex, level);
  copy_bytes(name_buffer, species.name, 13);
  say(script.fits ? STR_GOT_MOTE : STR_PARTY_FULL);
}

static void give_badge(void) {
  u8 bit = next_byte();
  wObtainedBadges |= (u8)(1 << bit);
  copy_bytes(name_buffer, badge_names[bit], 13);
  say(STR_GOT_BADGE);
}

static void remember_hearth(void) {
  heal_party();
  world.hearth_map = wCurMap < FIRST_INDOOR_MAP ? wCurMap : wLastMap;
  wLastBlackoutMap = world.hearth_map;
}

static u8 fight_trainer(void) {
  u8 number = next_byte();
  close_box();
  u8 won = trainer_battle(number);
  if (won) change_flag(trainer.flag, TRUE);
  return won;
}

static u8 fight_wild(void) {
  u8 dex = next_byte();
  u8 level = next_byte();
  close_box();
  return wild_battle(species_index[dex], level);
}

static void flash(void) {
  wJoyIgnore = PAD_EVERYTHING;
  for (u8 i = 0; i != 3; i++) {
    rBGP = 0x1B;
    delay_frames(4);
    palette_normal();
    delay_frames(4);
  }
  wJoyIgnore = 0;
}

static void pause(void) {
  wJoyIgnore = PAD_EVERYTHING;
  delay_frames(next_byte());
  wJoyIgnore = 0;
}

static void go_to(void) {
  u8 map = next_byte();
  u8 warp = next_byte();
  close_box();
  enter_by_warp(map, warp);
}

static void step(void) {
  u8 direction = next_byte();
  u8 count = next_byte();
  close_box();
  walk_by_itself(direction, count);
}

static void face(void) {
  turn_player(next_byte());
  close_box();
}

static void show_ending(void) {
  script.running = FALSE;
  fade_out();
  palette_normal();
  run_script(SCRIPT_CREDITS_BANK, SCRIPT_CREDITS_ADDRESS);
}

/* One instruction; FALSE when the script is over. */
static u8 execute(u8 op) {
  u8 money[3];
  u16 word;
  switch (op) {
    case OP_STOP: return leave();
    case OP_SAY: print_here(); wait_page(); break;
    case OP_ASK: ask(); break;
    case OP_JUMP: script.pc = next_word(); break;
    case OP_CALL: call(); break;
    case OP_IF_FLAG: word = next_word(); jump_unless(get_flag(wEventFlags, word)); break;
    case OP_IF_NOT_FLAG: word = next_word(); jump_unless(!get_flag(wEventFlags, word)); break;
    case OP_IF_ITEM: word = count_in_bag(next_byte()); jump_unless(word != 0); break;
    case OP_IF_BADGE: word = wObtainedBadges & (u8)(1 << next_byte()); jump_unless(word != 0); break;
    case OP_IF_MONEY: next_money(money); jump_unless(has_money(money)); break;
    case OP_IF_PARTY: jump_unless(wPartyCount); break;
    case OP_IF_FITS: jump_unless(script.fits); break;
    case OP_SET_FLAG: change_flag(next_word(), TRUE); break;
    case OP_CLEAR_FLAG: change_flag(next_word(), FALSE); break;
    case OP_GIVE: give(); break;
    case OP_TAKE: word = next_byte(); remove_from_bag((u8)word, next_byte()); break;
    case OP_GAIN_MONEY: next_money(money); add_money(money); break;
    case OP_PAY_MONEY: next_money(money); subtract_money(money); break;
    case OP_GIVE_MOTE: give_mote(); break;
    case OP_GIVE_BADGE: give_badge(); break;
    case OP_HEAL: heal_party(); break;
    case OP_HEARTH: remember_hearth(); break;
    case OP_SHOP: visit_shop(next_byte()); break;
    case OP_TRAINER: return fight_trainer();
    case OP_WILD: return fight_wild();
    case OP_HIDE: set_flag(wToggleableObjectFlags, next_byte()); close_box(); break;
    case OP_SHOW: clear_flag(wToggleableObjectFlags, next_byte()); close_box(); break;
    case OP_FACE: face(); break;
    case OP_STEP: step(); break;
    case OP_WARP: go_to(); break;
    case OP_WAIT: pause(); break;
    case OP_FLASH: flash(); break;
    case OP_FOUND_HIDDEN: set_flag(wObtainedHiddenItemsFlags, next_byte()); break;
    case OP_ENDING: show_ending(); return FALSE;
  }
  return TRUE;
}

void run_script(u8 bank, u16 address) {
  script.bank = bank;
  script.pc = address;
  script.depth = 0;
  script.running = TRUE;
  while (execute(next_byte()));
  script.running = FALSE;
  close_box();
}

void talk_to(u8 slot) {
  struct person *person = &people[slot];
  face_player(slot);
  show_people();
  run_script(person->code.bank, person->code.address);
}
