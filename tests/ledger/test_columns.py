"""A batch by its columns."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from ledger.columns import Marks, by_column
from ledger.models import BIGGEST_AMOUNT_FEN
from ledger.transfers import USUAL_CURRENCY, Transfer, fingerprint
from tests.ledger.make import AT, transfer

A = transfer("a", "bank", "wallet:1", 5)
B = transfer("b", "wallet:1", "wallet:2", 3)


def test_sums_are_those_of_each_account() -> None:
    """What a batch takes from each account and brings to it is counted once, in the order in which they are named."""
    columns = by_column([A, B, replace(A, reference="c")])
    assert columns
    assert list(columns.debited_fen.items()) == [("bank", 10), ("wallet:1", 3), ("wallet:2", 0)]
    assert list(columns.credited_fen.items()) == [("bank", 0), ("wallet:1", 10), ("wallet:2", 3)]


def test_what_is_shared_is_said_once() -> None:
    """A list is empty where it would say the same of all transfers, and only there."""
    columns = by_column([A, B])
    assert columns
    assert (columns.kind, columns.kinds, columns.journals, columns.metadata) == ("test", [], [], [])
    columns = by_column([A, replace(B, kind="other", journal="j", metadata={"b": 1, "a": "x"}, recharge=True)])
    assert columns
    assert (list(columns.kinds), list(columns.journals)) == (["test", "other"], [None, "j"])
    assert (columns.metadata, columns.has_recharges) == (["{}", '{"a":"x","b":1}'], True)
    columns = by_column([A, replace(B, recharge=True, fact=True)])
    assert columns
    assert not columns.has_recharges


@pytest.mark.parametrize(
    "batch",
    [
        [],
        [A, A],
        [A, replace(B, reference="a")],
        [A, replace(B, reference="rev:b")],
        [A, replace(B, amount_fen=0)],
        [A, replace(B, debit="wallet:2")],
        [replace(A, amount_fen=BIGGEST_AMOUNT_FEN), B],
    ],
    ids=["empty", "twice", "reused", "reversal", "nothing", "to itself", "too large to sum"],
)
def test_anything_to_look_at_goes_the_ordinary_way(batch: list[Transfer]) -> None:
    """Whoever sends what is wrong, or the same twice, is answered where refusals and repeats are made."""
    assert by_column(batch) is None


def test_marks_are_those_of_the_ordinary_way() -> None:
    """A resend is recognised whichever way the first one took, and wherever the clock stood that wrote its time."""
    batch = [
        replace(A, occurred_at=at)
        for at in (
            AT,
            datetime(2026, 11, 21, 0, 30, 0, 7, tzinfo=UTC),
            datetime(2026, 11, 21, 8, 30, tzinfo=timezone(timedelta(hours=8))),
        )
    ]
    marks = Marks.of(batch)
    assert list(marks.fingerprints) == [fingerprint(one, USUAL_CURRENCY) for one in batch]
    assert list(marks.occurred_at) == [
        "2026-11-21T00:30:00.000000+00:00",
        "2026-11-21T00:30:00.000007+00:00",
        "2026-11-21T00:30:00.000000+00:00",
    ]
