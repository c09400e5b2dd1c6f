"""Holds that were settled too late: what merchants delivered at their own risk."""

import re
from dataclasses import asdict
from typing import Final

from api.city import city
from api.errors import ShapeInvalid
from api.face import Face, Shapes
from api.schemas.holds import UnpaidHoldSettlementList
from api.schemas.shape import Page, PageQuery, PageWanted
from citizencard.accounts.holds.open_items import unpaid_parts
from citizencard.db import reading

UNPAID_ID: Final = re.compile(r"unp_([1-9][0-9]{0,17})", re.ASCII)

face = Face("Holds of terminals", "/v1", "Parts of holds that came too late and were not paid.")


@face.get("/unpaid-hold-settlements", Shapes(gives=UnpaidHoldSettlementList, query=PageQuery))
def list_unpaid_hold_settlements(wanted: PageWanted) -> Page:
    """Parts that came after their hold had expired and that the account did not pay, oldest first: the merchant bears them."""
    after = UNPAID_ID.fullmatch(wanted.starting_after or "unp_1")
    if after is None:
        raise ShapeInvalid("starting_after must be an id from the list")
    with reading(city().sessions) as session:
        found = unpaid_parts(session, int(after[1]) if wanted.starting_after else 0, wanted.limit + 1)
    return Page.cut([{**asdict(part), "id": f"unp_{part.id}"} for part in found], wanted.limit)
