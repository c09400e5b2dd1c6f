"""Refusals about cards in the place of others."""

from typing import ClassVar

from citizencard.errors import CitizencardError


class ReplacementError(CitizencardError):
    """The card cannot be replaced like this."""

    code = "replacement_refused"
    public: ClassVar[tuple[str, ...]] = ("card_id",)


class CardReplaced(ReplacementError):
    """Another card came in the place of this one already, or this one in the place of another."""

    code = "card_replaced"


class CardNotReplaceable(ReplacementError):
    """Only a card that is lost for good, or blocked because it is broken, can be replaced."""

    code = "card_not_replaceable"
    public: ClassVar[tuple[str, ...]] = ("card_id", "state")


class ReplacementUnfit(ReplacementError):
    """The new card must be a card of the same person that was not used before."""

    code = "replacement_unfit"
    public: ClassVar[tuple[str, ...]] = ("card_id", "state")
