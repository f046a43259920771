/* Buying and selling. */
#ifndef SHOP_H
#define SHOP_H

#include "types.h"

void visit_shop(u8 number);

#endif
