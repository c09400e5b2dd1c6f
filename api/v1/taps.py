"""Taps as they are shown, and the ids of rows that are numbered."""

import re
from typing import Final

from api.errors import ShapeInvalid
from citizencard.purse.uploads.journeys import Tap
from hardware.card.files import printed_number

SHOWN_DIGITS: Final = 4
ROW_ID: Final = re.compile(r"(?:tap|pfd)_([1-9][0-9]{0,17})", re.ASCII)
LIMIT_ID: Final = re.compile(r"lim_([1-9][0-9]{0,17})", re.ASCII)


def row_id(text: str | None) -> int | None:
    """The number in an id such as `tap_123`; None when nothing was given.

    Raises:
        ShapeInvalid: it is no such id.
    """
    if text is None:
        return None
    found = ROW_ID.fullmatch(text)
    if found is None:
        raise ShapeInvalid("starting_after must be an id from the list")
    return int(found[1])


def limit_id_of(text: str) -> int | None:
    """The number in an id such as `lim_5`; None when it is no such id."""
    found = LIMIT_ID.fullmatch(text)
    return None if found is None else int(found[1])


def masked_number(card_serial: bytes) -> str:
    """The printed number of a card with all but its last four digits hidden."""
    return f"····{printed_number(card_serial)[-SHOWN_DIGITS:]}"


def seen(tap: Tap) -> dict[str, object]:
    """A tap for the answer."""
    return {
        "id": f"tap_{tap.record_id}",
        "verdict": tap.verdict,
        "reason": tap.reason,
        "line": tap.line,
        "merchant_id": tap.merchant_id,
        "card_number": masked_number(tap.card_serial),
        "paid_fen": tap.paid_fen,
        "subsidy_fen": tap.subsidy_fen,
        "tapped_at": tap.at,
        "explanation": tap.explanation,
        "adjustments": tap.adjustments,
    }
