"""Turns the cartridge's content and C sources into the ROM and its metadata."""
