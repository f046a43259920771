"""The emulator and its input: ticks, buttons, timing, scripts, state files. The door to PyBoy."""
