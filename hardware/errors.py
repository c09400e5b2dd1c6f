"""Every way in which a card, a reader or a terminal can say no.

One root, one class per refusal. The docstring's first line is the title, `code` the stable slug, `public` the names of the
fields that may leave the house. No field ever holds a key, a PIN or personal data.
"""

from typing import ClassVar


class HardwareError(Exception):
    """The card equipment could not do what was asked."""

    code: ClassVar[str] = "hardware_error"
    public: ClassVar[tuple[str, ...]] = ()


class CardRefused(HardwareError):
    """The card refused a command.

    Args:
        ins: the instruction byte that was refused.
        sw: the card's status word, 0x0000 to 0xFFFF.
        meaning: what the status word says, from `hardware.card.status`.
    """

    code = "card_refused"
    public = ("ins", "sw", "meaning")

    def __init__(self, ins: int, sw: int, meaning: str = "") -> None:
        """Build the message `INS 54 refused: 9302 (MAC invalid)`."""
        self.ins = ins
        self.sw = sw
        self.meaning = meaning
        super().__init__(f"INS {ins:02X} refused: {sw:04X}" + (f" ({meaning})" if meaning else ""))


class PsamRefused(CardRefused):
    """The security module of the terminal refused a command."""

    code = "psam_refused"


class CardRemoved(HardwareError):
    """The card gave no answer: it left the field or lost its power.

    Nobody knows whether the last command was carried out; only the card itself can tell when it comes back.
    """

    code = "card_removed"

    def __init__(self, message: str = "the card gave no answer") -> None:
        """Say so in words; there is nothing else to tell."""
        super().__init__(message)


class MalformedCardData(HardwareError):
    """Bytes of a card, or meant for a card, do not have the form they must have.

    Args:
        what: which structure, for example `EF15`.
        reason: what is wrong with it; lengths and offsets, never the content.
    """

    code = "malformed_card_data"
    public = ("what", "reason")

    def __init__(self, what: str, reason: str) -> None:
        """Build the message `EF15: 29 bytes, must be 30`."""
        self.what = what
        self.reason = reason
        super().__init__(f"{what}: {reason}")


class CardImageInvalid(HardwareError):
    """A card image file cannot be used.

    Args:
        path: the file.
        reason: what is wrong with it.
    """

    code = "card_image_invalid"
    public = ("reason",)

    def __init__(self, path: object, reason: str) -> None:
        """Build the message `var/cards/a.json: not a card image`."""
        self.path = str(path)
        self.reason = reason
        super().__init__(f"{self.path}: {reason}")


class CardImageInUse(HardwareError):
    """The card image is inserted in another emulated reader."""

    code = "card_image_in_use"

    def __init__(self, path: object) -> None:
        """Name the file that is locked."""
        self.path = str(path)
        super().__init__(f"{self.path}: inserted elsewhere")


class NoReader(HardwareError):
    """There is no card reader, or no card in it."""

    code = "no_reader"


class ReaderBusy(HardwareError):
    """Another program holds the card reader."""

    code = "reader_busy"


class OutboxFull(HardwareError):
    """The terminal holds as many unsent records as it may; it takes no more taps until it has uploaded.

    Args:
        limit: how many records the outbox may hold.
    """

    code = "outbox_full"
    public = ("limit",)

    def __init__(self, limit: int) -> None:
        """Name the limit."""
        self.limit = limit
        super().__init__(f"the outbox holds its limit of {limit} records")


class UplinkUnavailable(HardwareError):
    """The server cannot be reached now; what was to be sent is kept and sent again."""

    code = "uplink_unavailable"


class UplinkRefused(HardwareError):
    """The server understood the terminal and said no.

    Args:
        status: the HTTP status.
        refusal: the `code` of the problem document; stored as `problem` because `code` is this class's own slug.
        detail: the problem's text.
    """

    code = "uplink_refused"
    public = ("status", "problem", "detail")

    def __init__(self, status: int, refusal: str, detail: str = "") -> None:
        """Build the message `422 unknown_terminal: …`."""
        self.status = status
        self.problem = refusal
        self.detail = detail
        super().__init__(f"{status} {refusal}" + (f": {detail}" if detail else ""))
