"""Every way in which the payments context says no. No field ever holds a key, a signature or a body."""

from citizencard.errors import CitizencardError


class PaymentError(CitizencardError):
    """The payment request cannot be carried out."""

    code = "payment_refused"


class PaymentRequestInvalid(PaymentError):
    """What was to be asked of the payment provider is not usable."""

    code = "payment_request_invalid"
    public = ("field",)


class PaymentSettingsInvalid(PaymentError):
    """The settings of the payment provider are incomplete or unsafe."""

    code = "payment_settings_invalid"


class WebhookUnsigned(PaymentError):
    """The event carries no signature that can be read."""

    code = "webhook_unsigned"


class WebhookForged(PaymentError):
    """The event was not signed with our secret."""

    code = "webhook_forged"


class WebhookOutOfTime(PaymentError):
    """The event was signed too long ago, or by a clock that is ahead."""

    code = "webhook_out_of_time"


class WebhookMalformed(PaymentError):
    """The event is signed, but is not what the provider documents."""

    code = "webhook_malformed"
    public = ("reason",)
