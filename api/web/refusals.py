"""A refusal as people read it: what is the case, in their language, that nothing was changed, and the reference of the request."""

from dataclasses import dataclass
from http import HTTPStatus

from api.city import request_id
from api.pages.language import Language, preferred, say
from api.titles import TITLES_ZH
from citizencard.errors import CitizencardError
from ledger.errors import LedgerError


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a page says about a refusal.

    Args:
        code: stable slug.
        title: one sentence.
        reference: the request's name, as in the log and the audit.
    """

    code: str
    title: str
    reference: str


def describe(error: CitizencardError | LedgerError) -> Refusal:
    """A refusal of a rule of the city, in the reader's language. What it says about this one case stays in the log: it may be personal."""
    english = (type(error).__doc__ or "").strip().splitlines()[0].rstrip(".")
    title = TITLES_ZH.get(error.code, english) if preferred() is Language.ZH else english
    return Refusal(error.code, title, request_id())


def describe_status(status: HTTPStatus) -> Refusal:
    """What the web framework refuses: no such page, too large, wrong method."""
    code = status.name.lower()
    known = code if code in ("not_found", "method_not_allowed", "request_entity_too_large") else "bad_request"
    return Refusal(code, say(preferred(), f"refusal.{known}"), request_id())
