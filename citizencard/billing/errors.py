"""Every way in which the billing context says no. What is wrong with a line of a file is a reject, not an error."""

from citizencard.errors import CitizencardError


class BillingError(CitizencardError):
    """The billing request cannot be carried out."""

    code = "billing_refused"


class ServiceUnknown(BillingError):
    """There is no such utility service."""

    code = "unknown_utility_service"
    public = ("service_id",)


class ServiceDetailsInvalid(BillingError):
    """The details of the utility service are not usable."""

    code = "utility_service_invalid"
    public = ("faults",)


class ServiceNameTaken(BillingError):
    """The utility has a service of this name already."""

    code = "utility_service_name_taken"
    public = ("name",)


class BillFileUnusable(BillingError):
    """The file cannot be read as bills at all; nothing of it was taken."""

    code = "bill_file_unusable"
    public = ("reason",)


class ImportUnknown(BillingError):
    """There is no such import of bills."""

    code = "unknown_bill_import"
    public = ("import_id",)


class BillUnknown(BillingError):
    """There is no such bill."""

    code = "unknown_bill"
    public = ("bill_id",)


class BillNotPayable(BillingError):
    """The bill cannot be paid: it was paid already, or the utility took it back."""

    code = "bill_not_payable"
    public = ("bill_id", "state")


class HouseholdNotProved(BillingError):
    """The household number and the bill named do not belong together."""

    code = "household_not_proved"
    public = ("tries_left",)


class HouseholdLocked(BillingError):
    """Too many wrong tries: households can be added again tomorrow."""

    code = "household_locked"
    public = ("locked_until",)


class HouseholdsTooMany(BillingError):
    """No more households can be added."""

    code = "households_too_many"
    public = ("max_households",)


class HouseholdUnknown(BillingError):
    """The household is not one of the resident's."""

    code = "unknown_household"
    public = ("household_id",)
