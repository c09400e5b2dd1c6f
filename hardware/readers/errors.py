"""What can be wrong with a real reader or a recording beyond what `hardware.errors` names for all of them."""

from typing import ClassVar

from hardware.errors import CardRemoved, HardwareError, NoReader


class ReaderLibraryMissing(HardwareError):
    """The library for PC/SC readers is not installed."""

    code = "reader_library_missing"


class ReaderServiceDown(HardwareError):
    """The PC/SC service does not run on this machine."""

    code = "reader_service_down"


class ReaderSilent(HardwareError):
    """The reader or its service gave no answer in time; the conversation was given up."""

    code = "reader_silent"


class NoCard(NoReader):
    """There is a reader and no card in it."""

    code = "no_card"


class SeveralCards(NoReader):
    """Cards are in several readers, and which one is meant was not said."""

    code = "several_cards"


class CardMute(HardwareError):
    """The reader feels a card that does not speak: upside down, dirty, or not a card with such a chip."""

    code = "card_mute"


class ResetByAnother(CardRemoved):
    """Another program reset the card. The command was not sent; whatever was begun on the card before it is gone.

    Every further command is refused in the same way until the caller has said, by `resume()`, that it begins anew.
    """

    code = "card_reset_by_another"


class ReaderGone(CardRemoved):
    """The reader was unplugged; with it the card lost its power."""

    code = "reader_gone"


class ReaderFailed(HardwareError):
    """The reader failed in a way that says nothing about the card."""

    code = "reader_failed"


class NotContactless(HardwareError):
    """The reader gives no contactless identifier: the card lies on contacts, or the reader does not know the question."""

    code = "not_contactless"


class RecordingInvalid(HardwareError):
    """A file is not a recording of a session with a card.

    Args:
        path: the file.
        reason: what is wrong with it.
    """

    code = "recording_invalid"
    public: ClassVar[tuple[str, ...]] = ("reason",)

    def __init__(self, path: object, reason: str) -> None:
        """Build the message `a.jsonl: line 3 is not JSON`."""
        self.path = str(path)
        self.reason = reason
        super().__init__(f"{self.path}: {reason}")


class RecordingDiffers(HardwareError):
    """The session does not go as the recorded one did.

    Args:
        step: which step of the recording, from 1.
        reason: what was recorded and what came, secrets masked.
    """

    code = "recording_differs"
    public: ClassVar[tuple[str, ...]] = ("step", "reason")

    def __init__(self, step: int, reason: str) -> None:
        """Build the message `step 3 of the recording: …`."""
        self.step = step
        self.reason = reason
        super().__init__(f"step {step} of the recording: {reason}")
