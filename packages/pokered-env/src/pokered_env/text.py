"""The game's alphabet by its public name; it lives in :mod:`pokered_env.game.text`."""

from pokered_env.game.text import ALPHABET, CHARACTERS, IDS, ScreenText, decode, encode

__all__ = ["ALPHABET", "CHARACTERS", "IDS", "ScreenText", "decode", "encode"]
