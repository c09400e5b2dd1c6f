"""Every way in which the terminals context says no."""

from citizencard.errors import CitizencardError


class TerminalError(CitizencardError):
    """The terminal request cannot be carried out."""

    code = "terminal_refused"


class UnknownTerminal(TerminalError):
    """There is no such terminal."""

    code = "unknown_terminal"
    public = ("terminal",)


class UnknownPsam(TerminalError):
    """There is no such security module."""

    code = "unknown_psam"
    public = ("psam_serial",)


class PsamSerialTaken(TerminalError):
    """A security module with this serial is registered already."""

    code = "psam_serial_taken"
    public = ("psam_serial",)


class TerminalNumberTaken(TerminalError):
    """A terminal number is never issued twice; a new security module gets a new number."""

    code = "terminal_number_taken"
    public = ("terminal_number",)


class TerminalNumberInvalid(TerminalError):
    """The terminal number or the serial of the security module is not usable."""

    code = "terminal_number_invalid"
    public = ("reason",)


class TerminalDisabled(TerminalError):
    """The terminal is disabled."""

    code = "terminal_disabled"
    public = ("terminal",)


class TerminalNotEnrolled(TerminalError):
    """The terminal has no key yet."""

    code = "terminal_not_enrolled"
    public = ("terminal",)


class BindingNotApproved(TerminalError):
    """Two people must have agreed on exactly this binding."""

    code = "binding_not_approved"
    public = ("approval_id",)


class BindingBackdated(TerminalError):
    """A binding is never changed for the past: taps already judged keep their payee."""

    code = "binding_backdated"
    public = ("valid_from",)


class BindingOverlaps(TerminalError):
    """The terminal or the security module is bound otherwise in that time."""

    code = "binding_overlaps"
    public = ("terminal", "psam_serial")


class BindingLineForeign(TerminalError):
    """The line belongs to another merchant."""

    code = "binding_line_foreign"
    public = ("line", "merchant_id")


class NotBound(TerminalError):
    """The terminal is not bound to a merchant at present."""

    code = "terminal_not_bound"
    public = ("terminal",)


class EnrolmentCodeInvalid(TerminalError):
    """The one-time code is wrong, used or expired."""

    code = "enrolment_code_invalid"


class PublicKeyInvalid(TerminalError):
    """The device key is not a usable Ed25519 public key."""

    code = "public_key_invalid"
    public = ("reason",)


class PublicKeyTaken(TerminalError):
    """The device key is known already; each device makes its own."""

    code = "public_key_taken"


class NonceReplayed(TerminalError):
    """The request was sent before."""

    code = "nonce_replayed"


class NonceInvalid(TerminalError):
    """The nonce has no usable length."""

    code = "nonce_invalid"


class VersionUnknown(TerminalError):
    """The terminal acknowledges a version that it cannot have fetched."""

    code = "version_unknown"
    public = ("kind", "version")


class UnknownShift(TerminalError):
    """The terminal never signed in with this batch number."""

    code = "unknown_shift"
    public = ("batch",)


class SignOutInvalid(TerminalError):
    """The totals of the shift cannot be compared: the sequences are no range, or too many."""

    code = "sign_out_invalid"
    public = ("reason",)


class IssuerInvalid(TerminalError):
    """This cannot be put on the list of issuers."""

    code = "issuer_invalid"
    public = ("reason",)


class IssuerAdmitted(TerminalError):
    """The issuer is on the list already."""

    code = "issuer_admitted"
    public = ("issuer",)


class UnknownIssuer(TerminalError):
    """There is no such partner issuer."""

    code = "unknown_issuer"
    public = ("issuer_id",)


class IssuerWithdrawn(TerminalError):
    """The issuer was withdrawn before."""

    code = "issuer_withdrawn"
    public = ("issuer_id",)


class TerminalKindUnfit(TerminalError):
    """Devices of these kinds are no pair: metro gates make one, and so do a parking entry and a parking exit."""

    code = "terminal_kind_unfit"
    public = ("terminal", "kind")


class OutletForeign(TerminalError):
    """The outlet is another merchant's than the one that the terminal earns for."""

    code = "outlet_foreign"
    public = ("terminal", "outlet_id")


class TerminalStateUnchanged(TerminalError):
    """The terminal is in that state already."""

    code = "terminal_state_unchanged"
    public = ("terminal", "state")


class InvitationNeeded(TerminalError):
    """The terminal has a key: it gets another one-time code only by four eyes."""

    code = "invitation_needed"
    public = ("terminal",)


class InvitationForeign(TerminalError):
    """Only the person who proposed the invitation is shown its one-time code, and only once."""

    code = "invitation_foreign"
    public = ("approval_id",)


class KeyPossessionInvalid(TerminalError):
    """The new key has not signed for the change of keys."""

    code = "key_possession_invalid"


class DeviceKeyChanged(TerminalError):
    """The terminal has another key by now than the one that signed for the change."""

    code = "device_key_changed"
    public = ("terminal",)
