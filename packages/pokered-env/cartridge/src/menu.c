#include "menu.h"
#include "abi.h"
#include "battle_screen.h"
#include "content.h"
#include "dialogue.h"
#include "items.h"
#include "joypad.h"
#include "map.h"
#include "memory.h"
#include "party.h"
#include "people.h"
#include "private.h"
#include "screen.h"
#include "strings.h"
#include "system.h"
#include "text.h"

static void move_cursor(u8 x, u8 y, u8 spacing, u8 to) {
  *tile_at(x, y + wCurrentMenuItem * spacing) = TILE_BLANK;
  wLastMenuItem = wCurrentMenuItem;
  wCurrentMenuItem = to;
  u8 *cursor = tile_at(x, y + to * spacing);
  *cursor = TILE_CURSOR;
  wMenuCursorLocation = (u16)cursor;
}

/* A column of entries. Returns the entry, or CANCELLED for every other watched key. */
u8 choose_with_keys(u8 x, u8 y, u8 count, u8 spacing, u8 first, u8 keys) {
  wTopMenuItemX = x;
  wTopMenuItemY = y;
  wMaxMenuItem = count - 1;
  wMenuWatchedKeys = keys;
  wCurrentMenuItem = first;
  move_cursor(x, y, spacing, first);
  for (;;) {
    u8 pressed = wait_button(keys | PAD_UP | PAD_DOWN);
    u8 now = wCurrentMenuItem;
    if (pressed & PAD_A & keys) {
      *tile_at(x, y + now * spacing) = TILE_HOLLOW_CURSOR;
      return now;
    }
    if (pressed & keys) {
      *tile_at(x, y + now * spacing) = TILE_BLANK;
      return CANCELLED;
    }
    if (pressed & PAD_DOWN) move_cursor(x, y, spacing, now + 1 == count ? 0 : now + 1);
    if (pressed & PAD_UP) move_cursor(x, y, spacing, now ? now - 1 : count - 1);
  }
}

u8 choose(u8 x, u8 y, u8 count, u8 spacing, u8 first) {
  return choose_with_keys(x, y, count, spacing, first, PAD_A | PAD_B);
}

static void draw_list(u8 count, void (*draw_row)(u8 index, u8 y)) {
  draw_box(4, 2, 16, 11);
  for (u8 row = 0; row != LIST_ROWS; row++) {
    u8 index = wListScrollOffset + row;
    if (index > count) return;
    if (index == count)
      put_text(6, 4 + row * 2, STR_CANCEL);
    else
      draw_row(index, 4 + row * 2);
  }
  if (wListScrollOffset + LIST_ROWS <= count) *tile_at(18, 11) = TILE_MORE;
}

/* Four entries at a time, CANCEL behind the last; returns the entry or CANCELLED. */
u8 choose_from_list(u8 count, void (*draw_row)(u8 index, u8 y)) {
  u8 row = 0;
  u8 shown = count + 1 < LIST_ROWS ? count + 1 : LIST_ROWS;
  wListScrollOffset = 0;
  wTextBoxID = TEXT_BOX_LIST;
  wTopMenuItemX = 5;
  wTopMenuItemY = 4;
  wMaxMenuItem = shown - 1;
  for (;;) {
    draw_list(count, draw_row);
    wCurrentMenuItem = row;
    move_cursor(5, 4, 2, row);
    u8 pressed = wait_button(PAD_A | PAD_B | PAD_UP | PAD_DOWN);
    if (pressed & PAD_B) return CANCELLED;
    if (pressed & PAD_A) {
      u8 index = wListScrollOffset + row;
      return index == count ? CANCELLED : index;
    }
    if (pressed & PAD_DOWN) {
      if (row + 1 < shown)
        row++;
      else if (wListScrollOffset + row < count)
        wListScrollOffset++;
    }
    if (pressed & PAD_UP) {
      if (row)
        row--;
      else if (wListScrollOffset)
        wListScrollOffset--;
    }
  }
}

u8 choose_quantity(u8 most, u16 price) {
  u8 count = 1;
  if (!most) return CANCELLED;
  for (;;) {
    draw_box(7, 9, 13, 3);
    *tile_at(8, 10) = TILE_MULTIPLY;
    put_number(9, 10, count, 2);
    put_number(13, 10, price * count, 6);
    u8 pressed = wait_button(PAD_A | PAD_B | PAD_UP | PAD_DOWN);
    if (pressed & PAD_A) return count;
    if (pressed & PAD_B) return CANCELLED;
    if (pressed & PAD_UP) count = count == most ? 1 : count + 1;
    if (pressed & PAD_DOWN) count = count == 1 ? most : count - 1;
  }
}

/* ---- party ---- */

static void draw_member(u8 slot) {
  u8 y = slot * 2;
  u8 *mon = party_mon(slot);
  u16 hp = get_big16(mon + MON_HP);
  u16 most = get_big16(mon + MON_MAX_HP);
  put_text(2, y, party_nick(slot));
  draw_status(13, y, mon[MON_STATUS], mon[MON_LEVEL]);
  draw_hp_bar(3, y + 1, hp, most);
  put_number(13, y + 1, hp, 3);
  *tile_at(16, y + 1) = TILE_SLASH;
  put_number(17, y + 1, most, 3);
}

void show_party(void) {
  hide_sprites();
  clear_screen();
  load_battle_tiles();
  for (u8 slot = 0; slot != wPartyCount; slot++) draw_member(slot);
  draw_box(0, 14, 20, 4);
  put_text(1, 16, STR_CHOOSE_MOTE);
}

u8 choose_mote(void) {
  show_party();
  return choose(0, 0, wPartyCount, 2, 0);
}

static void show_stat(u8 y, u8 which, u16 value) {
  put_text(1, y, stat_names[which]);
  put_number(11, y, value, 3);
}

static void show_summary(u8 slot) {
  u8 *mon = party_mon(slot);
  clear_screen();
  put_text(1, 0, party_nick(slot));
  draw_level(13, 0, mon[MON_LEVEL]);
  draw_hp_bar(1, 1, get_big16(mon + MON_HP), get_big16(mon + MON_MAX_HP));
  for (u8 i = 0; i != 4; i++) show_stat(3 + i, i, get_big16(mon + MON_ATTACK + (i << 1)));
  put_text(1, 8, STR_EXP);
  set_number((u16)get_exp(mon));
  put_text(11, 8, text.number);
  draw_box(0, 10, 20, 8);
  for (u8 i = 0; i != 4; i++) {
    if (!mon[MON_MOVES + i]) continue;
    load_move(mon[MON_MOVES + i]);
    put_text(2, 12 + i, move.name);
    put_number(16, 12 + i, mon[MON_PP + i], 2);
  }
  wait_button(PAD_A | PAD_B);
}

static void reorder(u8 first) {
  show_party();
  put_text(1, 16, STR_MOVE_WHERE);
  u8 second = choose(0, 0, wPartyCount, 2, first);
  if (second != CANCELLED && second != first) swap_party(first, second);
}

static void party_menu(void) {
  u8 slot = 0;
  for (;;) {
    show_party();
    slot = choose(0, 0, wPartyCount, 2, slot);
    if (slot == CANCELLED) return;
    draw_box(11, 10, 9, 8);
    put_text(13, 12, STR_STATS);
    put_text(13, 14, STR_SWITCH);
    put_text(13, 16, STR_CANCEL);
    u8 chosen = choose(12, 12, 3, 2, 0);
    if (chosen == 0) show_summary(slot);
    if (chosen == 1) reorder(slot);
  }
}

/* ---- bag ---- */

static void draw_bag_row(u8 index, u8 y) {
  u8 *entry = wBagItems + (index << 1);
  load_item(entry[0]);
  put_text(6, y, item.name);
  if (item.kind == ITEM_KEY) return;
  *tile_at(14, y + 1) = TILE_MULTIPLY;
  put_number(15, y + 1, entry[1], 2);
}

/* Id of the chosen item, or CANCELLED. */
u8 open_bag(void) {
  u8 index = choose_from_list(wNumBagItems, draw_bag_row);
  return index == CANCELLED ? CANCELLED : wBagItems[index << 1];
}

static u8 toss(u8 id) {
  u8 count = choose_quantity(count_in_bag(id), 0);
  load_item(id);
  if (count == CANCELLED) return FALSE;
  remove_from_bag(id, count);
  return TRUE;
}

static u8 use_on_party(void) {
  u8 slot = choose_mote();
  if (slot == CANCELLED) return FALSE;
  copy_bytes(name_buffer, party_nick(slot), NAME_LENGTH);
  u8 used = use_item_on_mote(slot);
  if (used) show_party();
  say(used ? STR_FEELS_BETTER : STR_NO_USE);
  return FALSE;
}

/* TRUE when the START menu must close (the player has been moved). */
static u8 use_item(u8 id) {
  load_item(id);
  switch (item.kind) {
    case ITEM_HEAL:
    case ITEM_CURE:
    case ITEM_REVIVE: return use_on_party();
    case ITEM_REPEL:
      wRepelRemainingSteps = item.value;
      remove_from_bag(id, 1);
      say(STR_REPEL);
      return FALSE;
    case ITEM_LIGHT:
      if (wCurMap < FIRST_INDOOR_MAP || world.map.wild_rate) {
        remove_from_bag(id, 1);
        return TRUE;
      }
  }
  open_message_box();
  print_far(item.about.bank, item.about.address);
  wait_page();
  return FALSE;
}

static u8 bag_menu(void) {
  for (;;) {
    restore_screen();
    u8 id = open_bag();
    if (id == CANCELLED) return FALSE;
    draw_box(13, 10, 7, 5);
    put_text(15, 11, STR_USE);
    put_text(15, 13, STR_TOSS);
    u8 chosen = choose(14, 11, 2, 2, 0);
    load_item(id);
    if (chosen == 0 && use_item(id)) return TRUE;
    if (chosen != 1) continue;
    if (item.kind == ITEM_KEY)
      say(STR_TOO_IMPORTANT);
    else
      toss(id);
  }
}

/* ---- the rest of the START menu ---- */

static void show_card(void) {
  hide_sprites();
  clear_screen();
  draw_box(0, 0, 20, 9);
  put_text(2, 2, STR_NAME);
  put_text(8, 2, wPlayerName);
  put_text(2, 4, STR_MONEY);
  put_money(8, 4);
  put_text(2, 6, STR_TIME);
  put_number(8, 6, wPlayTimeHours, 3);
  *tile_at(11, 6) = TILE_COLON;
  put_number(12, 6, wPlayTimeMinutes, 2);
  draw_box(0, 10, 20, 8);
  put_text(2, 11, STR_SEALS);
  for (u8 i = 0; i != 3; i++)
    if (wObtainedBadges & (u8)(1 << i)) put_text(3, 13 + i, badge_names[i]);
  wait_button(PAD_A | PAD_B);
}

static u8 speed_row(void) {
  u8 delay = wOptions & TEXT_DELAY_MASK;
  return delay == 1 ? 0 : delay == 3 ? 1 : 2;
}

static void show_options(void) {
  hide_sprites();
  clear_screen();
  draw_box(0, 0, 20, 10);
  put_text(1, 1, STR_TEXT_SPEED);
  put_text(3, 3, STR_FAST);
  put_text(3, 5, STR_MEDIUM);
  put_text(3, 7, STR_SLOW);
  u8 row = choose(2, 3, 3, 2, speed_row());
  if (row != CANCELLED) wOptions = (wOptions & ~TEXT_DELAY_MASK) | (u8)(row * 2 + 1);
}

#define ENTRY_PARTY 0
#define ENTRY_BAG 1
#define ENTRY_CARD 2
#define ENTRY_SAVE 3
#define ENTRY_OPTIONS 4
#define ENTRY_EXIT 5

static u8 choose_entry(u8 first) {
  u8 skipped = wPartyCount ? 0 : 1;
  u8 count = 6 - skipped;
  u8 y = 2;
  draw_box(10, 0, 10, count * 2 + 2);
  if (!skipped) {
    put_text(12, y, STR_MOTES);
    y += 2;
  }
  put_text(12, y, STR_BAG);
  put_text(12, y + 2, wPlayerName);
  put_text(12, y + 4, STR_SAVE);
  put_text(12, y + 6, STR_OPTIONS);
  put_text(12, y + 8, STR_EXIT);
  show_window();
  show_people();
  u8 row = choose_with_keys(11, 2, count, 2, first < skipped ? 0 : first - skipped, PAD_A | PAD_B | PAD_START);
  return row == CANCELLED ? ENTRY_EXIT : row + skipped;
}

static void return_to_hearth(void) {
  end_dialogue();
  enter_hearth();
}

void start_menu(void) {
  u8 entry = 0;
  wFontLoaded |= 1;
  save_screen();
  do {
    entry = choose_entry(entry);
    if (entry == ENTRY_PARTY) party_menu();
    if (entry == ENTRY_BAG && bag_menu()) {
      load_text_tiles();
      return_to_hearth();
      return;
    }
    if (entry == ENTRY_CARD) show_card();
    if (entry == ENTRY_SAVE) say(STR_SAVE_MESSAGE);
    if (entry == ENTRY_OPTIONS) show_options();
    load_text_tiles();
    restore_screen();
  } while (entry != ENTRY_EXIT);
  end_dialogue();
}
