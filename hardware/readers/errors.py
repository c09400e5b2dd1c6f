"""What can be wrong with a real reader beyond what `hardware.errors` names for all of them."""

from hardware.errors import HardwareError


class ReaderLibraryMissing(HardwareError):
    """The library for PC/SC readers is not installed."""

    code = "reader_library_missing"


class ReaderServiceDown(HardwareError):
    """The PC/SC service does not run on this machine."""

    code = "reader_service_down"


class ReaderSilent(HardwareError):
    """The reader or its service gave no answer in time; the conversation was given up."""

    code = "reader_silent"


class CardMute(HardwareError):
    """The reader feels a card that does not speak: upside down, dirty, or not a card with such a chip."""

    code = "card_mute"


class ReaderFailed(HardwareError):
    """The reader failed in a way that says nothing about the card."""

    code = "reader_failed"
