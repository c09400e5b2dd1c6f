"""The checks of a proof on holds: their terms, what they hold back, and what of them was settled."""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from ledger.canonical import instant
from ledger.checks import Difference, streamed
from ledger.models import LONGEST_HOLD_REFERENCE

_REFERENCE: Final = re.compile(rf"[A-Za-z0-9_.:-]{{1,{LONGEST_HOLD_REFERENCE}}}")
_FALLS: Final = "(CASE WHEN a.type IN ('asset', 'expense') THEN h.credit_id ELSE h.debit_id END)"
_RISES: Final = "(CASE WHEN a.type IN ('asset', 'expense') THEN h.debit_id ELSE h.credit_id END)"


def reserved(session: Session) -> Iterator[Difference]:
    """An account holds back what its open holds have left, and nothing that would take it below its floor."""
    found = streamed(
        session,
        text(
            "SELECT * FROM (SELECT a.code, a.held_out_fen, a.held_in_fen,"  # noqa: S608 # constants
            f" COALESCE(sum(CASE WHEN {_FALLS} = a.id THEN h.amount_fen - h.settled_fen END), 0) AS out_fen,"
            f" COALESCE(sum(CASE WHEN {_RISES} = a.id AND h.recharge THEN h.amount_fen - h.settled_fen END), 0) AS in_fen"
            " FROM ledger_account a LEFT JOIN (SELECT o.*, o.debit_id AS account_id FROM ledger_hold o WHERE o.state = 'open'"
            " UNION ALL SELECT o.*, o.credit_id FROM ledger_hold o WHERE o.state = 'open') AS h"
            " ON h.account_id = a.id AND a.locked GROUP BY a.id, a.code, a.held_out_fen, a.held_in_fen) AS r"
            " WHERE r.held_out_fen <> r.out_fen OR r.held_in_fen <> r.in_fen ORDER BY r.code"
        ),
    )
    for row in found:
        expected = f"{int(row.out_fen)} fen out, {int(row.in_fen)} fen in"
        yield Difference(
            "held_differs", f"account {row.code}", expected, f"{row.held_out_fen} fen out, {row.held_in_fen} fen in"
        )


def terms(session: Session) -> Iterator[Difference]:
    """A hold is what was agreed to, reserves until an instant after it was placed, and has ended or not."""
    found = streamed(
        session,
        text(
            "SELECT h.id, h.reference, d.code AS debit, c.code AS credit, d.currency AS debit_currency, c.currency AS credit_currency,"
            " h.amount_fen, h.currency, h.kind, CAST(h.occurred_at AS text) AS occurred_at, h.fingerprint, h.settled_fen, h.state,"
            " CASE WHEN h.expires_at > h.placed_at THEN 1 ELSE 0 END AS is_bounded,"
            " CASE WHEN h.ended_at IS NULL THEN 0 ELSE 1 END AS is_ended FROM ledger_hold h"
            " LEFT JOIN ledger_account d ON d.id = h.debit_id LEFT JOIN ledger_account c ON c.id = h.credit_id ORDER BY h.id"
        ),
    )
    for row in found:
        for what, expected, shown in _faults(row):
            yield Difference(what, f"hold {row.reference}", expected, shown)


def settlements(session: Session) -> Iterator[Difference]:
    """Of a hold is settled what its transfers add up to; each settlement is of a hold, and by one transfer."""
    found = streamed(
        session,
        text(
            "SELECT * FROM (SELECT h.id, h.reference, h.settled_fen, COALESCE(sum(t.amount_fen), 0) AS found_fen,"
            " count(s.id) AS parts, count(t.id) AS transfers FROM ledger_hold h"
            " LEFT JOIN ledger_hold_settlement s ON s.hold_id = h.id"
            " LEFT JOIN ledger_transfer t ON t.id = s.transfer_id AND t.debit_id = h.debit_id AND t.credit_id = h.credit_id"
            " AND t.kind = h.kind AND t.journal = h.reference GROUP BY h.id, h.reference, h.settled_fen) AS r"
            " WHERE r.settled_fen <> r.found_fen OR r.parts <> r.transfers ORDER BY r.id"
        ),
    )
    for row in found:
        expected = f"{row.settled_fen} fen settled by transfers of the hold"
        shown = f"{int(row.found_fen)} fen in {row.transfers} of {row.parts}"
        yield Difference("settled_differs", f"hold {row.reference}", expected, shown)
    found = streamed(
        session,
        text(
            "SELECT s.transfer_id, min(s.hold_id) AS hold_id, count(*) AS times, count(h.id) AS holds FROM ledger_hold_settlement s"
            " LEFT JOIN ledger_hold h ON h.id = s.hold_id GROUP BY s.transfer_id HAVING count(*) > 1 OR count(h.id) = 0"
            " ORDER BY s.transfer_id"
        ),
    )
    for row in found:
        where = f"transfer {row.transfer_id}"
        if row.times > 1:
            yield Difference("settled_twice", where, "one part of one hold", f"{row.times} parts")
        else:
            yield Difference("unknown_hold", where, "a hold that was placed", f"hold id {row.hold_id}")


def hidden_settlements(session: Session) -> Iterator[Difference]:
    """What settled a hold that is open is known as a part of it: else more could be settled than was held.

    After a hold's end the same transfer may have been posted as an ordinary one.
    """
    found = streamed(
        session,
        text(
            "SELECT t.id, t.reference, h.reference AS hold FROM ledger_hold h JOIN ledger_transfer t ON t.journal = h.reference"
            " AND t.debit_id = h.debit_id AND t.credit_id = h.credit_id AND t.kind = h.kind AND t.recorded_at < h.expires_at"
            " WHERE h.state = 'open' AND substr(t.reference, 1, length(h.reference) + 8) = 'settle\\:' || h.reference || '\\:'"
            " AND NOT EXISTS (SELECT 1 FROM ledger_hold_settlement s WHERE s.transfer_id = t.id) ORDER BY t.id"
        ),
    )
    for row in found:
        yield Difference("settled_differs", f"transfer {row.id} {row.reference}", f"a part of hold {row.hold}", "none")


def _faults(row: Row[Any]) -> Iterator[tuple[str, str, str]]:
    if row.debit is None or row.credit is None:
        yield "unknown_account", "accounts that were opened", f"{row.debit} and {row.credit}"
        return
    if not row.debit_currency == row.credit_currency == row.currency:
        yield "currency", row.currency, f"{row.debit_currency} and {row.credit_currency}"
    if not _REFERENCE.fullmatch(row.reference):
        yield "reference", "plain characters, not too many", repr(row.reference)
    fields = (row.debit, row.credit, str(row.amount_fen), row.currency, row.kind, instant(row.occurred_at), "")
    recomputed = sha256("\n".join(fields).encode()).hexdigest()
    if recomputed != row.fingerprint:
        yield "fingerprint", recomputed, row.fingerprint
    if not row.is_bounded:
        yield "hold_expiry", "an end after its beginning", "an end before it"
    rest_fen = row.amount_fen - row.settled_fen
    allowed = {
        "open": rest_fen > 0,
        "settled": rest_fen >= 0 and row.settled_fen > 0,
        "released": rest_fen >= 0,
        "expired": rest_fen >= 0,
    }
    if not allowed.get(row.state) or row.settled_fen < 0 or bool(row.is_ended) == (row.state == "open"):
        shown = f"{row.state}, {row.settled_fen} fen settled{', ended' if row.is_ended else ''}"
        yield "hold_state", f"a state that fits {row.amount_fen} fen", shown
