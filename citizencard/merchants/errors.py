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


class UnknownMerchantOutlet(MerchantError):
    """There is no such outlet of a merchant."""

    code = "unknown_merchant_outlet"
    public = ("outlet_id",)


class MerchantOutletNameTaken(MerchantError):
    """The merchant has another outlet of this name."""

    code = "merchant_outlet_name_taken"
    public = ("name",)


class MerchantOutletClosed(MerchantError):
    """The outlet is closed."""

    code = "merchant_outlet_closed"
    public = ("outlet_id",)


class MerchantContactInvalid(MerchantError):
    """The contact's name or phone number is not usable."""

    code = "merchant_contact_invalid"
    public = ("faults",)


class MerchantContactMissing(MerchantError):
    """The merchant has no contact, so nobody could be told that its money goes elsewhere."""

    code = "merchant_contact_missing"
    public = ("merchant_id",)


class UnknownMerchantContact(MerchantError):
    """There is no such contact of a merchant."""

    code = "unknown_merchant_contact"
    public = ("contact_id",)


class BankAccountInvalid(MerchantError):
    """The bank account's holder, bank or number is not usable."""

    code = "bank_account_invalid"
    public = ("faults",)


class UnknownBankAccount(MerchantError):
    """There is no such bank account."""

    code = "unknown_bank_account"
    public = ("bank_account_id",)


class BankAccountFinal(MerchantError):
    """The bank account is in force already, or was taken back: neither can be undone."""

    code = "bank_account_final"
    public = ("bank_account_id",)


class UnknownNotice(MerchantError):
    """There is no such notice."""

    code = "unknown_notice"
    public = ("notice_id",)


class NoticeSent(MerchantError):
    """The contact was told already."""

    code = "notice_sent"
    public = ("notice_id",)
