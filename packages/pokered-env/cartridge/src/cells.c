#include "cells.h"
#include "abi.h"
#include "private.h"

/* Kind of the cell dy, dx away from the player (at most one beyond the screen). */
u8 kind_at(i8 dy, i8 dx) {
  return cell_kinds[view[VIEW_PLAYER + dy * VIEW_COLUMNS + dx]];
}

/* Index of the warp the player stands on, or 0xFF. */
u8 warp_under_player(void) {
  u8 *entry = wWarpEntries;
  for (u8 i = 0; i != wNumberOfWarps; i++) {
    if (entry[0] == wYCoord && entry[1] == wXCoord) return i;
    entry += 4;
  }
  return 0xFF;
}
