"""The on-line account's statement (明细): what came in, what went out, in words."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Response, request

from api.city import city
from api.errors import ShapeInvalid
from api.portal.blueprint import pages
from api.portal.holdings import own_account
from api.web.doors import resident
from api.web.page import render_page
from citizencard.accounts.views import statement_of
from citizencard.cards.views import cards_of_person
from citizencard.db import reading

PAGE_ROWS: Final = 20
MAX_DIGITS: Final = 18
KINDS: Final = frozenset(
    {
        "top_up_cash",
        "online_purchase",
        "online_hold",
        "load_paid",
        "load_given_back",
        "bill_payment",
        "stripe_charge",
        "refund",
        "reversal",
    }
)
"""Kinds of transfers that have a name in the catalogue; others are shown by what they did: money in, money out."""


@pages.get("/portal/account")
def see_account() -> Response:
    """A page of the statement, in the order in which it was written; continue with the last number as `after`."""
    after, person_id = _number(request.args.get("after") or "0"), resident().person_id
    with reading(city().sessions) as session:
        account = own_account(session, person_id)
        page = None if account is None else statement_of(session, account.id, after_id=after, limit=PAGE_ROWS)
        serials = {card.id: card.serial for card in cards_of_person(session, person_id)}
    lines: list[Mapping[str, Any]] = []
    for line in page.lines if page else ():
        known = line.kind in KINDS
        word = line.kind if known else ("in" if line.change_fen > 0 else "out")
        lines.append({"at": line.occurred_at, "word": word, "change_fen": line.change_fen, "id": line.id})
    cards = [serials[card_id] for card_id in (account.card_ids if account else ()) if card_id in serials]
    return render_page(
        "portal/account.html",
        account=account,
        cards=cards,
        lines=lines,
        next_id=page.lines[-1].id if page and page.has_more else None,
        is_first=after == 0,
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise ShapeInvalid("after must be a number of the list")
    return int(text)
