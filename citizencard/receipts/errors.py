"""Every way in which the receipts context says no."""

from citizencard.errors import CitizencardError


class ReceiptError(CitizencardError):
    """The receipt cannot be given."""

    code = "receipt_refused"


class ReceiptDiffers(ReceiptError):
    """The receipt was given before, for another amount."""

    code = "receipt_differs"
    public = ("kind",)
