"""The emulated card: a small chip operating system that enforces everything and trusts nobody (test realm only)."""

from hardware.emulator.blanks import blank_card, blank_psam
from hardware.emulator.card import EmulatedCard, TearPhase
from hardware.emulator.image import CardImage
from hardware.emulator.image_format import ChipOptions
from hardware.emulator.reader import EmulatedReader

__all__ = ["CardImage", "ChipOptions", "EmulatedCard", "EmulatedReader", "TearPhase", "blank_card", "blank_psam"]
