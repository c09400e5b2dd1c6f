"""Every way in which checkout says no. What a bank or the provider says to a payment is a state of it, not an error."""

from citizencard.errors import CitizencardError


class CheckoutError(CitizencardError):
    """The payment cannot be carried out."""

    code = "checkout_refused"


class OnlinePaymentUnavailable(CheckoutError):
    """On-line payment is not set up here."""

    code = "online_payment_unavailable"


class PaymentUnknown(CheckoutError):
    """There is no such payment."""

    code = "payment_unknown"
    public = ("payment_id",)


class PaymentStateForbids(CheckoutError):
    """The payment is in a state that does not allow this."""

    code = "payment_state_forbids"
    public = ("payment_id", "state")


class PaymentBusy(CheckoutError):
    """The payment is being worked on; look again in a moment."""

    code = "payment_busy"
    public = ("payment_id",)


class CheckoutAmountDiffers(CheckoutError):
    """The amount is not what is to be paid."""

    code = "checkout_amount_differs"
    public = ("amount_fen",)


class CheckoutAmountInvalid(CheckoutError):
    """The amount cannot be paid in on-line."""

    code = "checkout_amount_invalid"
    public = ("amount_fen", "most_fen")


class NoRoomInAccount(CheckoutError):
    """The account has no room for this amount."""

    code = "no_room_in_account"
    public = ("amount_fen", "ceiling_fen")


class RefundTooLarge(CheckoutError):
    """More than what was paid and has not gone back yet."""

    code = "refund_too_large"
    public = ("amount_fen", "left_fen")


class RefundNotPossible(CheckoutError):
    """Nothing was paid that could go back."""

    code = "refund_not_possible"
    public = ("payment_id", "state")
