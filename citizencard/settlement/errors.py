"""Refusals of settlement."""

from citizencard.errors import CitizencardError


class DayNotOpen(CitizencardError):
    """Only the open business day can be closed."""

    code = "day_not_open"
    public = ("day", "open_day")


class NextDayWrong(CitizencardError):
    """The next business day must come after the one that is closed."""

    code = "next_day_wrong"
    public = ("day", "next_day")


class DayNotClosed(CitizencardError):
    """This business day has not been closed."""

    code = "day_not_closed"
    public = ("day",)


class HeadDiffers(CitizencardError):
    """A head that left the house is not the head of the books any more."""

    code = "head_differs"


class OpeningFileUnusable(CitizencardError):
    """The file cannot be read as opening balances at all; nothing of it was taken."""

    code = "opening_file_unusable"
    public = ("reason",)


class SimulationPeriodInvalid(CitizencardError):
    """A what-if is about 1 to 366 days, the first not after the last."""

    code = "simulation_period_invalid"
    public = ("first", "last")


class SimulationCurrencyForeign(CitizencardError):
    """Taps are in yuan; a tariff in another currency cannot be compared with them."""

    code = "simulation_currency_foreign"
    public = ("currency",)
