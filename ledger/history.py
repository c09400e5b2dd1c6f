"""The checks of a proof on what is kept about the past: cuts and folds."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.checks import Difference, streamed

_CUTS = (
    "SELECT c.id, c.cut_id, lag(c.cut_id) OVER (ORDER BY c.id) AS before_id,"
    " CASE WHEN lag(c.drawn_at) OVER (ORDER BY c.id) > c.drawn_at THEN 1 ELSE 0 END AS is_back FROM ledger_cut c"
)


def cut_order(session: Session) -> Iterator[Difference]:
    """Cuts follow one another in time and in recorded order."""
    found = streamed(
        session,
        text(f"SELECT * FROM ({_CUTS}) AS c WHERE c.cut_id < c.before_id OR c.is_back = 1 ORDER BY c.id"),  # noqa: S608 # constants
    )
    for row in found:
        yield Difference("cut_order", f"cut {row.id}", f"after id {row.before_id}, and later", f"id {row.cut_id}")


def day_cuts(session: Session) -> Iterator[Difference]:
    """A day ends at a cut that was drawn at its close: answers about instants and about days rest on the same cuts."""
    found = streamed(
        session,
        text(
            "SELECT CAST(d.day AS text) AS day, d.cut_id FROM ledger_day d WHERE d.cut_id IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM ledger_cut c WHERE c.cut_id = d.cut_id AND c.drawn_at >= d.closed_at) ORDER BY d.day"
        ),
    )
    for row in found:
        yield Difference("day_cut", f"day {row.day}", f"a cut at id {row.cut_id}, drawn at its close", "none")


def folds(session: Session) -> Iterator[Difference]:
    """A checkpoint ends where a fold ended, and a fold where a cut was drawn or before: what is behind it is final."""
    found = streamed(
        session,
        text(
            "SELECT a.code, a.folded_to FROM ledger_account a WHERE a.folded_to <> 0 AND NOT a.locked"
            " AND NOT EXISTS (SELECT 1 FROM ledger_fold f WHERE f.folded_to = a.folded_to) ORDER BY a.code"
        ),
    )
    for row in found:
        yield Difference("fold", f"account {row.code}", "a checkpoint at a fold", f"at id {row.folded_to}")
    found = streamed(
        session,
        text(
            "SELECT f.id, f.folded_to FROM ledger_fold f"
            " WHERE f.folded_to > (SELECT COALESCE(max(c.cut_id), 0) FROM ledger_cut c) ORDER BY f.id"
        ),
    )
    for row in found:
        yield Difference("fold", f"fold {row.id}", "up to the last cut or before", f"up to id {row.folded_to}")
