"""The game as bytes of memory and ROM: symbols, maps, events, text, snapshots. No emulator."""
