"""Every way in which the parking context says no. What an entry or exit is refused for at the gate is an answer, not an error."""

from citizencard.errors import CitizencardError


class ParkingError(CitizencardError):
    """The parking request cannot be carried out."""

    code = "parking_refused"


class PassageInvalid(ParkingError):
    """The request is not a well formed entry or exit."""

    code = "passage_invalid"
    public = ("field",)


class PassageNameReused(ParkingError):
    """The trace number already names another passage of this gate."""

    code = "passage_name_reused"
    public = ("terminal", "batch", "trace")


class NotAGate(ParkingError):
    """The terminal is not a gate of this kind for the merchant that it is bound to."""

    code = "not_a_gate"
    public = ("terminal", "direction")


class NoOpenStay(ParkingError):
    """The card has not come in here, or has left already."""

    code = "no_open_stay"
    public = ("lot",)


class AmountDiffers(ParkingError):
    """The stay costs another amount at this time."""

    code = "amount_differs"
    public = ("amount_fen", "stay_id")


class MerchantNotParking(ParkingError):
    """The merchant does not run parking."""

    code = "merchant_not_parking"
    public = ("merchant_id",)
