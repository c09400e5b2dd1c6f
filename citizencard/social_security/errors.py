"""Refusals about social security."""

from typing import ClassVar

from citizencard.errors import CitizencardError


class SocialSecurityError(CitizencardError):
    """The social-security link is refused."""

    code = "social_security_refused"


class RegionUnfit(SocialSecurityError):
    """A pool region has six digits."""

    code = "region_unfit"


class NationUnfit(SocialSecurityError):
    """A nation is named by two digits of GB/T 3304."""

    code = "nation_unfit"


class InsuranceUnfit(SocialSecurityError):
    """There is no such insurance, or no such state of one."""

    code = "insurance_unfit"
    public: ClassVar[tuple[str, ...]] = ("insurances", "states")


class LinkUnknown(SocialSecurityError):
    """This person is not linked to social security."""

    code = "social_security_link_unknown"


class LinkStateRefused(SocialSecurityError):
    """The link is in a state that does not allow this."""

    code = "social_security_state_refused"
    public: ClassVar[tuple[str, ...]] = ("status",)


class NumberLinkedElsewhere(SocialSecurityError):
    """This social-security number is linked to another person."""

    code = "social_security_number_taken"
