"""Pokémon Red as a Gymnasium environment on a real Game Boy emulator, with an open game for everyone without a ROM."""

__version__ = "0.1.0"
