"""Whatever is refused has a status, a title and a code, and no field that would hide another one."""

import importlib
import pkgutil
from collections.abc import Iterator

import api
import citizencard
import hardware
import ledger
from api.problems import RESERVED
from api.statuses import RETRY_AFTER_S, STATUS
from api.titles import TITLES_ZH
from citizencard.errors import CitizencardError
from hardware.errors import HardwareError
from ledger.errors import LedgerError

ROOTS = (CitizencardError, LedgerError, HardwareError)
NEVER_IN_A_REQUEST = ("citizencard.cli.", "hardware.terminal.", "hardware.cli.", "hardware.agent.", "hardware.readers.")
"""Commands and devices run elsewhere: what they refuse never reaches the server's answers."""
FROM_THE_FRAMEWORK = {
    "internal_error",
    "method_not_allowed",
    "not_found",
    "request_entity_too_large",
    "unsupported_media_type",
}


def everything() -> None:
    for package in (api, citizencard, hardware, ledger):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in module.name and module.name not in ("api.wsgi", "citizencard.__main__"):
                importlib.import_module(module.name)


def leaves(kind: type[Exception]) -> Iterator[type[Exception]]:
    below = kind.__subclasses__()
    if not below:
        yield kind
    for one in below:
        yield from leaves(one)


everything()
LEAVES = sorted(
    {leaf for root in ROOTS for leaf in leaves(root)}, key=lambda leaf: f"{leaf.__module__}.{leaf.__name__}"
)


def test_every_refusal_has_a_status() -> None:
    """No refusal of the city can surprise a client with a status that nobody thought about."""
    asked = [leaf for leaf in LEAVES if not leaf.__module__.startswith(NEVER_IN_A_REQUEST)]
    missing = [f"{leaf.__module__}.{leaf.__name__}" for leaf in asked if leaf not in STATUS]
    assert missing == [], "not in api/statuses.py"


def test_statuses_are_those_that_clients_understand() -> None:
    """A client needs to know a handful of statuses, not a hundred."""
    assert set(STATUS.values()) == {400, 401, 403, 404, 409, 413, 422, 429, 500, 503}
    assert set(RETRY_AFTER_S) <= set(STATUS)


def test_chinese_titles_belong_to_codes_that_exist() -> None:
    """A title that belongs to nothing is a title that somebody misses elsewhere."""
    codes = {getattr(leaf, "code", "") for leaf in STATUS} | FROM_THE_FRAMEWORK
    assert set(TITLES_ZH) <= codes


def test_fields_of_refusals_that_are_renamed_are_known() -> None:
    """A refusal's own field never replaces a member of the problem document; the few that would are renamed."""
    clashes = {(leaf.__name__, name) for leaf in STATUS for name in getattr(leaf, "public", ()) if name in RESERVED}
    assert clashes == {("LinkStateRefused", "status"), ("UplinkRefused", "status"), ("UplinkRefused", "detail")}
