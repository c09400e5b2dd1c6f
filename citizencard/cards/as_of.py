"""Questions about thousands of cards at thousands of instants, each asked of the database in one statement.

Both databases unfold one JSON parameter, so the number of bound values does not grow with the batch.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from citizencard.cards.models import CardState
from citizencard.db import is_postgresql
from ledger import arrays
from ledger.instants import canonical

MAX_QUESTIONS: Final = 20_000

# The questions as a table q(n, serial, at); the text of an instant is what UtcDateTime stores on SQLite.
_QUESTIONS_POSTGRESQL: Final = (
    "(SELECT ordinality - 1 AS n, value ->> 0 AS serial, CAST(value ->> 1 AS timestamptz) AS at"
    " FROM jsonb_array_elements(CAST(:questions AS jsonb)) WITH ORDINALITY) q"
)
_QUESTIONS_SQLITE: Final = (
    "(SELECT key AS n, json_extract(value, '$[0]') AS serial, json_extract(value, '$[1]') AS at"
    " FROM json_each(:questions)) q"
)
_HOTLISTED: Final = (
    "SELECT q.n, EXISTS (SELECT 1 FROM hotlist_entry h WHERE h.serial = q.serial AND h.effective_from <= q.at"
    " AND (h.removed_from IS NULL OR h.removed_from > q.at)) OR EXISTS (SELECT 1 FROM hotlist_block k WHERE k.kind = 'range'"
    " AND q.serial BETWEEN k.first AND k.last AND k.effective_from <= q.at"
    " AND (k.removed_from IS NULL OR k.removed_from > q.at)) AS listed FROM {questions} ORDER BY q.n"
)
_KNOWN: Final = (
    "SELECT q.n, c.id, c.card_class, c.key_version FROM {questions} JOIN card c ON c.serial = q.serial ORDER BY q.n"
)
_TAPS: Final = (("serial", "text"), ("until", "timestamptz"), ("at", "timestamptz"))
_OF_TAPS: Final = (
    "SELECT c.id, c.card_class, c.key_version, (SELECT s.state FROM card_state_change s WHERE s.serial = q.serial"
    " AND s.effective_at <= q.until ORDER BY s.effective_at DESC, s.id DESC LIMIT 1) AS state,"
    " EXISTS (SELECT 1 FROM hotlist_entry h WHERE h.serial = q.serial AND h.effective_from <= q.at"
    " AND (h.removed_from IS NULL OR h.removed_from > q.at)) AS listed"
    " FROM {questions} LEFT JOIN card c ON c.serial = q.serial ORDER BY q.position"
)
_NO_INSTANT: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KnownCard:
    """What a record needs to know about its card.

    Args:
        card_id: the row's opaque name, which the ledger's accounts use.
        card_class: the class byte.
        key_version: version of the card's keys.
    """

    card_id: str
    card_class: int
    key_version: int


class CardAsOf(NamedTuple):
    """A card at the time of a tap.

    Args:
        card: None when it is none of ours.
        state: then; None for an unknown card and before its application.
        hotlisted: it had an entry of its own on the hotlist.
    """

    card: KnownCard | None
    state: CardState | None
    hotlisted: bool


def cards_as_of(session: Session, taps: Iterable[tuple[bytes, datetime, datetime]]) -> list[CardAsOf]:
    """What there is to know about the card of each tap, in order and in one statement.

    A report of loss shows in the state at once. Whether it counts for a tap is the hotlist's matter: see `states.IN_CIRCULATION`.

    Args:
        session: read only.
        taps: serial of 10 bytes, until when a state that the card came into counts, and when the hotlist is asked.

    Raises:
        ValueError: more than MAX_QUESTIONS.
    """
    asked = [(serial.hex().upper(), canonical(until), canonical(at)) for serial, until, at in taps]
    if len(asked) > MAX_QUESTIONS:
        raise ValueError(f"{len(asked)} questions, at most {MAX_QUESTIONS} at once")
    if not asked:
        return []
    statement = _OF_TAPS.format(questions=arrays.rows(session, _TAPS, "q"))
    states = {str(state): state for state in CardState}
    return [
        CardAsOf(
            None if card_id is None else KnownCard(card_id, card_class, key_version),
            None if state is None else states[state],
            bool(listed),
        )
        for card_id, card_class, key_version, state, listed in session.execute(
            text(statement), arrays.given(session, _TAPS, asked)
        ).all()
    ]


def hotlisted_at(session: Session, serials: Sequence[bytes], instants: Sequence[datetime]) -> list[bool]:
    """Whether each card was on the hotlist at its instant, by an entry of its own or in a range of cards, in order; one statement.

    An entry counts from `effective_from` on (included) until `removed_from` (excluded).

    Args:
        session: read only.
        serials: application serials, 10 bytes each.
        instants: as many aware instants.

    Raises:
        ValueError: the two differ in length, or there are more than MAX_QUESTIONS.
    """
    return [bool(row.listed) for row in _ask(session, _HOTLISTED, serials, instants)]


def known_cards(session: Session, serials: Sequence[bytes]) -> dict[bytes, KnownCard]:
    """Those of the serials that are cards of ours, with their facts.

    Raises:
        ValueError: more than MAX_QUESTIONS.
    """
    asked = list(dict.fromkeys(serials))
    found = _ask(session, _KNOWN, asked, [_NO_INSTANT] * len(asked))
    return {asked[row.n]: KnownCard(row.id, row.card_class, row.key_version) for row in found}


def _ask(
    session: Session, statement: str, serials: Sequence[bytes], instants: Sequence[datetime]
) -> Sequence[Row[Any]]:
    if len(serials) > MAX_QUESTIONS:
        raise ValueError(f"{len(serials)} questions, at most {MAX_QUESTIONS} at once")
    if not serials:
        return []
    questions = json.dumps(
        [
            (serial.hex().upper(), at.astimezone(UTC).isoformat(timespec="microseconds"))
            for serial, at in zip(serials, instants, strict=True)
        ]
    )
    table = _QUESTIONS_POSTGRESQL if is_postgresql(session) else _QUESTIONS_SQLITE
    return session.execute(text(statement.format(questions=table)), {"questions": questions}).all()
