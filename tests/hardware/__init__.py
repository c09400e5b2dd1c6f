"""Tests of the card equipment: language, emulator, terminal, commands."""
