"""What a transfer is, and what makes two of them the same."""

from datetime import datetime, timedelta, timezone
from hashlib import sha256

import pytest

from ledger import Transfer
from ledger.transfers import MAX_METADATA_BYTES, canonical_metadata, fault, fingerprint
from tests.ledger.make import transfer

GOOD = transfer("tap:0f", "purse:card_1", "merchant:m:clearing", 180, journal="batch:1")


def test_fingerprint_is_the_written_form() -> None:
    """An auditor can recompute a fingerprint by hand, from the fields in their order. Regression set: own value."""
    written = "purse:card_1\nmerchant:m:clearing\n180\nCNY\ntest\n2026-11-21T00:30:00.000000+00:00\nbatch:1"
    assert fingerprint(GOOD, "CNY") == sha256(written.encode()).hexdigest()
    assert fingerprint(GOOD, "CNY") == "3a656a3e31305296732b75ad8d1e11d3faa50e92bb599f41391d0d8da433e59c"


def test_same_instant_is_the_same_transfer() -> None:
    """The time zone an instant was written in does not make another transfer; a microsecond does."""
    beijing = GOOD.occurred_at.astimezone(timezone(timedelta(hours=8)))
    assert fingerprint(transfer("a", "b", "c", 1, occurred_at=beijing), "CNY") == fingerprint(
        transfer("other", "b", "c", 1, metadata={"x": 1}, recharge=True, fact=True), "CNY"
    )
    later = GOOD.occurred_at + timedelta(microseconds=1)
    assert fingerprint(transfer("a", "b", "c", 1, occurred_at=later), "CNY") != fingerprint(
        transfer("a", "b", "c", 1), "CNY"
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (transfer("", "a", "b", 1), "reference"),
        (transfer("x" * 97, "a", "b", 1), "reference"),
        (transfer("a b", "a", "b", 1), "reference"),
        (transfer("王", "a", "b", 1), "reference"),
        (transfer("a\n", "a", "b", 1), "reference"),
        (transfer("rev:a", "a", "b", 1), "reference"),
        (transfer("a", "a", "b", 0), "amount_fen"),
        (transfer("a", "a", "b", -1), "amount_fen"),
        (transfer("a", "a", "b", 2**53 + 1), "amount_fen"),
        (transfer("a", "a", "b", True), "amount_fen"),
        (transfer("a", "a", "b", 1.0), "amount_fen"),  # type: ignore[arg-type] # what a careless caller passes
        (transfer("a", "a", "b", "1"), "amount_fen"),  # type: ignore[arg-type] # the same
        (transfer("a", "a", "a", 1), "credit"),
        (transfer("a", "a", "b", 1, kind=""), "kind"),
        (transfer("a", "a", "b", 1, kind="Tap"), "kind"),
        (transfer("a", "a", "b", 1, kind="x" * 41), "kind"),
        (transfer("a", "a", "b", 1, occurred_at=datetime(2026, 11, 21)), "occurred_at"),  # noqa: DTZ001 # the fault
        (transfer("a", "a", "b", 1, journal=""), "journal"),
        (transfer("a", "a", "b", 1, journal="j j"), "journal"),
        (transfer("a", "a", "b", 1, metadata={"x": 1.5}), "metadata"),
        (transfer("a", "a", "b", 1, metadata={"x": True}), "metadata"),
        (transfer("a", "a", "b", 1, metadata={"x": ["y"]}), "metadata"),
        (transfer("a", "a", "b", 1, metadata={1: "x"}), "metadata"),
        (transfer("a", "a", "b", 1, metadata={"x": "y" * MAX_METADATA_BYTES}), "metadata"),
    ],
)
def test_malformed_transfers(wrong: Transfer, field: str) -> None:
    """A malformed transfer is refused by name of the field before the database sees it."""
    refusal = fault(wrong)
    assert refusal is not None
    assert refusal.fields["field"] == field


@pytest.mark.parametrize(
    "right",
    [
        GOOD,
        transfer("x" * 96, "a", "b", 2**53),
        transfer("stripe:pi_3AbC:charge", "a", "b", 1, metadata={"名": "王", "n": -1}),
    ],
)
def test_wellformed_transfers(right: Transfer) -> None:
    """References keep the case of outside ids, and amounts reach 2**53 fen."""
    assert fault(right) is None


def test_metadata_has_one_form() -> None:
    """The same notes are the same bytes on every database."""
    assert canonical_metadata({"b": 1, "a": "王"}) == canonical_metadata({"a": "王", "b": 1}) == '{"a":"\\u738b","b":1}'
    assert canonical_metadata({}) == "{}"
