"""Refusals about findings and decisions; each that is about a line of a batch names the tap."""

from typing import ClassVar

from citizencard.errors import CitizencardError


class FindingError(CitizencardError):
    """Nothing can be decided like this."""

    code = "finding_refused"
    public: ClassVar[tuple[str, ...]] = ("record",)


class UnknownTap(FindingError):
    """There is no such tap."""

    code = "unknown_tap"


class TapDecided(FindingError):
    """Somebody has decided about this tap already."""

    code = "tap_decided"


class TapProposed(FindingError):
    """A decision about this tap already waits for a second person."""

    code = "tap_proposed"
    public: ClassVar[tuple[str, ...]] = ("record", "approval_id")


class TapNotOpen(FindingError):
    """There is no money of this tap to decide about in this way."""

    code = "tap_not_open"


class TapAmountDiffers(FindingError):
    """The amount is not what is undecided of this tap."""

    code = "tap_amount_differs"
    public: ClassVar[tuple[str, ...]] = ("record", "amount_fen", "open_fen")


class TapMerchantUnfit(FindingError):
    """The decision must name the merchant where the registry names none, and may name no other."""

    code = "tap_merchant_unfit"


class GoodwillTooHigh(FindingError):
    """Goodwill is at most what the rejected record says, and at most what a chip can hold."""

    code = "goodwill_too_high"
    public: ClassVar[tuple[str, ...]] = ("record", "amount_fen", "limit_fen")


class HolderWithoutCard(FindingError):
    """The card is closed and no other came in its place: there is no account for its holder."""

    code = "holder_without_card"


class DecisionLinesUnfit(FindingError):
    """A decision is about 1 to 500 taps, each named once."""

    code = "decision_lines_unfit"
    public: ClassVar[tuple[str, ...]] = ("lines",)


class NothingToNote(FindingError):
    """There is nothing about this tap that a note could settle."""

    code = "nothing_to_note"
