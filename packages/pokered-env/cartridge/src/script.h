/* The interpreter of the content's scripts. */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "types.h"

void run_script(u8 bank, u16 address);
void talk_to(u8 slot);

#endif
