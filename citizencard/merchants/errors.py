"""Every way in which the merchants context says no."""

from citizencard.errors import CitizencardError


class MerchantError(CitizencardError):
    """The merchant request cannot be carried out."""

    code = "merchant_refused"


class MerchantDetailsInvalid(MerchantError):
    """The details of the merchant or the line are not usable."""

    code = "merchant_details_invalid"
    public = ("faults",)


class UnknownMerchant(MerchantError):
    """There is no such merchant."""

    code = "unknown_merchant"
    public = ("merchant_id",)


class UnknownLine(MerchantError):
    """There is no such line."""

    code = "unknown_line"
    public = ("line",)


class LineNumberTaken(MerchantError):
    """The line number is in use; line numbers are never given twice."""

    code = "line_number_taken"
    public = ("line",)
