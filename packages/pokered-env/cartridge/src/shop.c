#include "shop.h"
#include "abi.h"
#include "content.h"
#include "items.h"
#include "memory.h"
#include "menu.h"
#include "private.h"
#include "screen.h"
#include "strings.h"
#include "system.h"
#include "text.h"

#define MAX_SHOP_ITEMS 10

static u8 num_shop_items(void) {
  u8 count = 0;
  while (shop_items[count] != 0xFF) count++;
  return count;
}

static void draw_money_box(void) {
  draw_box(11, 0, 9, 3);
  put_money(12, 1);
}

static void draw_ware(u8 index, u8 y) {
  load_item(shop_items[index]);
  put_text(6, y, item.name);
  put_number(13, y + 1, item.price, 5);
}

static u8 total_price(u8 count, u8 *bcd) {
  u16 total = item.price * count;
  to_bcd(total, bcd);
  return has_money(bcd);
}

static void buy_one(u8 id) {
  u8 price[3];
  load_item(id);
  u8 count = choose_quantity(99, item.price);
  if (count == CANCELLED) return;
  load_item(id);
  if (!total_price(count, price)) {
    say(STR_NO_MONEY);
    return;
  }
  if (!add_to_bag(id, count)) {
    say(STR_BAG_FULL);
    return;
  }
  subtract_money(price);
  draw_money_box();
  say(STR_HERE_YOU_ARE);
}

static void buy(void) {
  for (;;) {
    draw_money_box();
    u8 index = choose_from_list(num_shop_items(), draw_ware);
    if (index == CANCELLED) return;
    buy_one(shop_items[index]);
  }
}

static void sell_one(u8 id) {
  u8 price[3];
  load_item(id);
  if (!item.price) {
    say(STR_CANNOT_SELL);
    return;
  }
  item.price >>= 1;
  u8 count = choose_quantity(count_in_bag(id), item.price);
  if (count == CANCELLED) return;
  load_item(id);
  item.price >>= 1;
  total_price(count, price);
  remove_from_bag(id, count);
  add_money(price);
}

static void sell(void) {
  for (;;) {
    draw_money_box();
    u8 id = open_bag();
    if (id == CANCELLED) return;
    sell_one(id);
  }
}

void visit_shop(u8 number) {
  read_far(SHOPS_BANK, SHOPS_ADDRESS + (u16)number * 12, shop_items, 12);
  save_screen();
  for (;;) {
    restore_screen();
    draw_money_box();
    draw_box(0, 0, 11, 8);
    put_text(2, 2, STR_BUY);
    put_text(2, 4, STR_SELL);
    put_text(2, 6, STR_QUIT);
    wTextBoxID = TEXT_BOX_BUY_SELL_QUIT;
    show_window();
    u8 chosen = choose(1, 2, 3, 2, 0);
    if (chosen == 0)
      buy();
    else if (chosen == 1)
      sell();
    else
      break;
  }
  restore_screen();
}
