"""One table: which route is open to whom. A route that is not in it answers 403, whatever its code would do."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from citizencard.staff.permissions import Permission as P

STAFF_BODY_BYTES: Final = 512 * 1024
UPLOAD_BODY_BYTES: Final = 8 * 2**20
SMALL_BODY_BYTES: Final = 16 * 1024


class Door(StrEnum):
    """How somebody is recognised at a route."""

    OPEN = "open"
    STAFF = "staff"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a route.

    Args:
        door: how callers are recognised.
        permissions: of staff: one of them is needed; none means any session. With several, the view asks for the right one.
        fresh_code: a one-time code must have been entered within the last five minutes.
        max_body_bytes: longer bodies are refused unread.
    """

    door: Door
    permissions: tuple[P, ...] = ()
    fresh_code: bool = False
    max_body_bytes: int | None = STAFF_BODY_BYTES


OPEN: Final = Access(Door.OPEN, max_body_bytes=SMALL_BODY_BYTES)
SESSION: Final = Access(Door.STAFF, max_body_bytes=SMALL_BODY_BYTES)
TERMINAL: Final = Access(Door.TERMINAL, max_body_bytes=SMALL_BODY_BYTES)
UPLOAD: Final = Access(Door.TERMINAL, max_body_bytes=UPLOAD_BODY_BYTES)
READER: Final = Access(Door.STAFF, (P.CARDS_PERSONALISE, P.PSAMS_PERSONALISE, P.LOADS_TAKE))


def _staff(permission: P, *, fresh_code: bool = False) -> Access:
    return Access(Door.STAFF, (permission,), fresh_code=fresh_code)


ACCESS: Final[dict[tuple[str, str], Access]] = {
    ("GET", "/"): OPEN,
    ("GET", "/home/figures"): OPEN,
    ("GET", "/docs"): OPEN,
    ("GET", "/problems/<code>"): OPEN,
    ("GET", "/openapi.json"): OPEN,
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/static/<path:filename>"): OPEN,
    ("POST", "/v1/staff-activations"): OPEN,
    ("POST", "/v1/staff-sessions"): OPEN,
    ("DELETE", "/v1/staff-sessions/current"): SESSION,
    ("POST", "/v1/staff-sessions/current/codes"): SESSION,
    ("POST", "/v1/outlets"): _staff(P.OUTLETS_MANAGE),
    ("POST", "/v1/tills"): _staff(P.OUTLETS_MANAGE),
    ("POST", "/v1/staff"): _staff(P.STAFF_MANAGE),
    ("GET", "/v1/approvals"): _staff(P.APPROVALS_READ),
    ("GET", "/v1/approvals/<approval_id>"): _staff(P.APPROVALS_READ),
    ("POST", "/v1/approvals/<approval_id>/decisions"): _staff(P.APPROVALS_DECIDE, fresh_code=True),
    ("POST", "/v1/people"): _staff(P.PEOPLE_REGISTER),
    ("POST", "/v1/people/searches"): _staff(P.PEOPLE_READ),
    ("GET", "/v1/people/<person_id>"): _staff(P.PEOPLE_READ),
    ("POST", "/v1/people/<person_id>/revelations"): _staff(P.PEOPLE_REVEAL, fresh_code=True),
    ("PUT", "/v1/people/<person_id>/social-security"): _staff(P.SOCIAL_SECURITY_LINK),
    ("POST", "/v1/merchants"): _staff(P.MERCHANTS_MANAGE),
    ("GET", "/v1/merchants"): _staff(P.TARIFFS_READ),
    ("POST", "/v1/lines"): _staff(P.MERCHANTS_MANAGE),
    ("GET", "/v1/lines"): _staff(P.TARIFFS_READ),
    ("POST", "/v1/tariff-versions"): _staff(P.TARIFFS_PROPOSE),
    ("GET", "/v1/tariff-versions"): _staff(P.TARIFFS_READ),
    ("POST", "/v1/terminals"): _staff(P.TERMINALS_MANAGE),
    ("GET", "/v1/terminals"): _staff(P.TERMINALS_MANAGE),
    ("POST", "/v1/psams"): _staff(P.TERMINALS_MANAGE),
    ("POST", "/v1/terminal-bindings"): _staff(P.TERMINALS_BIND),
    ("POST", "/v1/card-stock"): _staff(P.STOCK_RECEIVE),
    ("POST", "/v1/cards"): _staff(P.CARDS_APPLY),
    ("GET", "/v1/cards/<card_id>"): _staff(P.CARDS_READ),
    ("POST", "/v1/cards/<card_id>/activation"): _staff(P.CARDS_ACTIVATE),
    ("POST", "/v1/cards/<card_id>/loss-reports"): _staff(P.CARDS_REPORT_LOSS),
    ("GET", "/v1/cards/<card_id>/taps"): _staff(P.TAPS_READ),
    ("GET", "/v1/cards/<card_id>/shadow"): _staff(P.CARDS_READ),
    ("POST", "/v1/reader-jobs"): READER,
    ("GET", "/v1/reader-jobs/<job_id>"): READER,
    ("POST", "/v1/reader-jobs/<job_id>/steps/<int:step>"): READER,
    ("POST", "/v1/loads"): _staff(P.LOADS_TAKE),
    ("GET", "/v1/loads/<load_id>"): _staff(P.LOADS_READ),
    ("POST", "/v1/loads/<load_id>/give-backs"): _staff(P.LOADS_GIVE_BACK, fresh_code=True),
    ("GET", "/v1/findings"): _staff(P.FINDINGS_READ),
    ("GET", "/v1/days/open"): _staff(P.SETTLEMENT_READ),
    ("POST", "/v1/day-closes"): _staff(P.DAYS_CLOSE),
    ("GET", "/v1/day-closes/<day:day>"): _staff(P.SETTLEMENT_READ),
    ("GET", "/v1/trial-balance"): _staff(P.LEDGER_READ),
    ("POST", "/v1/ledger-proofs"): _staff(P.LEDGER_PROVE),
    ("GET", "/v1/accounts/<code>/balance"): _staff(P.LEDGER_READ),
    ("GET", "/v1/accounts/<code>/statement"): _staff(P.LEDGER_READ),
    ("POST", "/terminals/enrolments"): OPEN,
    ("POST", "/terminals/sign-ins"): TERMINAL,
    ("GET", "/terminals/parameters"): TERMINAL,
    ("GET", "/terminals/hotlist"): TERMINAL,
    ("POST", "/terminals/batches"): UPLOAD,
    ("POST", "/terminals/purchases"): UPLOAD,
}
