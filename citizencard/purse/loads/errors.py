"""Every way in which a load can be refused."""

from citizencard.errors import CitizencardError


class LoadError(CitizencardError):
    """The load cannot be carried out."""

    code = "load_refused"


class UnknownLoad(LoadError):
    """There is no such load."""

    code = "unknown_load"
    public = ("load_id",)


class LoadAmountInvalid(LoadError):
    """The amount is not one that a chip can take."""

    code = "load_amount_invalid"
    public = ("amount_fen", "ceiling_fen")


class CardNotLoadable(LoadError):
    """The card may not be loaded in its present state."""

    code = "card_not_loadable"
    public = ("card_id", "state")


class LoadAlreadyOpen(LoadError):
    """Another load of this card is not decided yet."""

    code = "load_already_open"
    public = ("card_id", "load_id")


class LoadStateForbids(LoadError):
    """The load's state does not allow this."""

    code = "load_state_forbids"
    public = ("load_id", "state", "act")


class CardNotGenuine(LoadError):
    """The answer is not one that this card has just given."""

    code = "card_not_genuine"


class ChipCeilingExceeded(LoadError):
    """The chip would hold more than its class allows."""

    code = "chip_ceiling_exceeded"
    public = ("ceiling_fen", "balance_fen")


class LoadNotPayable(LoadError):
    """The card's account cannot pay for this load."""

    code = "load_not_payable"
    public = ("reason",)


class NotAKiosk(LoadError):
    """A terminal of this kind carries no loads."""

    code = "not_a_kiosk"
    public = ("terminal",)
