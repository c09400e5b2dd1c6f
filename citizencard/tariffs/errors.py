"""Every way in which the tariffs context says no."""

from citizencard.errors import CitizencardError


class TariffError(CitizencardError):
    """The tariff request cannot be carried out."""

    code = "tariff_refused"


class TariffInvalid(TariffError):
    """The tariff document has mistakes."""

    code = "tariff_invalid"
    public = ("faults",)


class DocumentUnreadable(TariffError):
    """The file cannot be read."""

    code = "document_unreadable"
    public = ("reason",)


class TariffNotApproved(TariffError):
    """Two people must have agreed on exactly this tariff."""

    code = "tariff_not_approved"
    public = ("approval_id",)


class TariffVersionTaken(TariffError):
    """A tariff version must have a higher number than all before it."""

    code = "tariff_version_taken"
    public = ("version", "latest")


class TariffBackdated(TariffError):
    """A tariff can take effect only in the future: taps already priced stay as they are."""

    code = "tariff_backdated"
    public = ("version", "effective_from")


class TariffNotEarlier(TariffError):
    """Only a tariff that was in force before the present one can be brought back."""

    code = "tariff_not_earlier"
    public = ("version",)


class TariffBegun(TariffError):
    """The tariff has taken effect already; it can only be rolled back."""

    code = "tariff_begun"
    public = ("version", "effective_from")


class TariffWithdrawn(TariffError):
    """The tariff was withdrawn before its time; it never takes effect."""

    code = "tariff_withdrawn"
    public = ("version",)


class UnknownTariffVersion(TariffError):
    """There is no such tariff version."""

    code = "unknown_tariff_version"
    public = ("version",)


class NoTariffInForce(TariffError):
    """No tariff is in force at that time."""

    code = "no_tariff_in_force"
    public = ("at",)


class RuleMissing(TariffError):
    """The tariff does not say what this costs."""

    code = "rule_missing"
    public = ("place",)


class EventInvalid(TariffError):
    """What a price is asked for cannot be so."""

    code = "event_invalid"
    public = ("field", "reason")


class TariffNotForDevices(TariffError):
    """A device table cannot carry this tariff exactly."""

    code = "tariff_not_for_devices"
    public = ("place", "reason")
