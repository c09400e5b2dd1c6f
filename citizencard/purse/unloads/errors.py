"""Every way in which an unload can be refused."""

from citizencard.errors import CitizencardError


class UnloadError(CitizencardError):
    """The unload cannot be carried out."""

    code = "unload_refused"


class UnknownUnload(UnloadError):
    """There is no such unload."""

    code = "unknown_unload"
    public = ("unload_id",)


class UnloadAmountInvalid(UnloadError):
    """The amount is not one that a chip can hold."""

    code = "unload_amount_invalid"
    public = ("amount_fen", "ceiling_fen")


class CardNotUnloadable(UnloadError):
    """No money may be taken off the card in its present state."""

    code = "card_not_unloadable"
    public = ("card_id", "state")


class UnloadAlreadyOpen(UnloadError):
    """An unload of this card is not decided yet."""

    code = "unload_already_open"
    public = ("card_id", "unload_id")


class UnloadStateForbids(UnloadError):
    """The unload's state does not allow this."""

    code = "unload_state_forbids"
    public = ("unload_id", "state", "act")


class AnnouncementStale(UnloadError):
    """The card's answer is an old one: it has counted on since."""

    code = "announcement_stale"
    public = ("card_id",)


class ChipNotEmpty(UnloadError):
    """There is still money on the chip: cash is paid out only when a card is given up empty."""

    code = "chip_not_empty"
    public = ("card_id",)


class ShadowBelowZero(UnloadError):
    """The books know of less money than the chip gave back: somebody has to look into it before cash is paid."""

    code = "shadow_below_zero"
    public = ("card_id",)


class CashOutTooLarge(UnloadError):
    """So much is not paid out in cash."""

    code = "cash_out_too_large"
    public = ("amount_fen", "limit_fen")
