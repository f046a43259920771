#include "joypad.h"
#include "abi.h"
#include "system.h"

void delay_frames(u8 frames) {
  while (frames--) delay_frame();
}

void poll_joypad(void) {
  u8 now = hJoyInput & ~wJoyIgnore;
  u8 before = hJoyHeld;
  hJoyReleased = before & ~now;
  hJoyPressed = now & ~before;
  hJoyHeld = now;
}

u8 wait_button(u8 mask) {
  do {
    delay_frame();
    poll_joypad();
  } while (!(hJoyPressed & mask));
  return hJoyPressed;
}
