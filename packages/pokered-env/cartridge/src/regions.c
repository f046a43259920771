#include "regions.h"
#include "abi.h"
#include "content.h"
#include "map.h"
#include "memory.h"
#include "people.h"
#include "private.h"

/* Outdoors: the region that holds local cell (y, x) becomes the current map.
   Returns FALSE where no region is. */
u8 cross_border(u8 y, u8 x) {
  if (wCurMap >= FIRST_INDOOR_MAP) return FALSE;
  u8 grid_y = world.map.grid_y + 5 + y;
  u8 grid_x = world.map.grid_x + 5 + x;
  const struct region *region = regions;
  for (u8 i = NUM_REGIONS; i; i--) {
    u8 local_y = grid_y - region->y;
    u8 local_x = grid_x - region->x;
    if (local_y < region->height && local_x < region->width) {
      wCurMap = region->map;
      wYCoord = local_y;
      wXCoord = local_x;
      load_map(region->map);
      load_people_tiles();
      place_people();
      return TRUE;
    }
    region++;
  }
  return FALSE;
}
