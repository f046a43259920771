/* Yes or no. */
#ifndef ASK_H
#define ASK_H

#include "types.h"

u8 ask_yes_no(void);

#endif
