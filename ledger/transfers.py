"""A transfer: what is asked for, what was posted, and what makes two of them the same."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import NamedTuple

from ledger.errors import InvalidTransfer, LedgerError
from ledger.instants import canonical
from ledger.models import BIGGEST_AMOUNT_FEN, LONGEST_KIND, LONGEST_REFERENCE, REVERSAL

MAX_METADATA_BYTES = 2_048
USUAL_CURRENCY = "CNY"
"""A fingerprint needs the currency, and is computed before the accounts are read; that of another currency once more."""

_REFERENCE = re.compile(rf"[A-Za-z0-9_.:-]{{1,{LONGEST_REFERENCE}}}")
_KIND = re.compile(rf"[a-z0-9_.:-]{{1,{LONGEST_KIND}}}")
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Transfer:
    """Move money from a debit account to a credit account. A debit raises assets and expenses and lowers the other types.

    Args:
        reference: names the event, for ever and only once; at most 96 characters of `A-Z a-z 0-9 _ . : -`, never beginning with `rev:`.
        debit: code of the account that is debited.
        credit: code of the account that is credited.
        amount_fen: 1 to 2**53 fen.
        kind: what sort of event it is, at most 40 characters of `a-z 0-9 _ . : -`.
        occurred_at: when it happened, aware. The business day is the ledger's own choice.
        journal: groups the transfers of one event; written like a reference.
        metadata: a few opaque ids and numbers for people who look later; not part of what makes the transfer the same. Nothing personal.
        recharge: somebody pays in and may be told no: the ceiling of the account that grows is respected.
        fact: it happened outside and can only be written down: freezing and ceilings do not stop it. Floors and closed accounts do,
            and then it belongs into suspense.
    """

    reference: str
    debit: str
    credit: str
    amount_fen: int
    kind: str
    occurred_at: datetime
    journal: str | None = None
    metadata: Mapping[str, str | int] = field(default_factory=dict)
    recharge: bool = False
    fact: bool = False


class Posted(NamedTuple):
    """A transfer as it stands in the books.

    Args:
        id: its place in the recorded order.
        transfer: its content. Of a replay, the content that was posted first; how it was asked for (`recharge`, `fact`) is not kept.
        business_date: the day it settles in.
        recorded_at: when the ledger learnt of it, in UTC.
        replayed: it was in the books before; nothing was moved now.
    """

    id: int
    transfer: Transfer
    business_date: date
    recorded_at: datetime
    replayed: bool


class Verdict(NamedTuple):
    """The answer to one transfer of a batch: posted, or refused and why. Exactly one of the two is there."""

    reference: str
    posted: Posted | None
    refusal: LedgerError | None


def fingerprint(transfer: Transfer, currency: str, occurred_at: str = "") -> str:
    """What two transfers must share to be the same one: SHA-256 in hex.

    Covers debit, credit, amount, currency, kind, occurred_at and journal; not the business day, recorded_at or metadata, because a resend
    after the day was closed must still be recognised. None of the fields can hold a line feed, which separates them.

    Args:
        transfer: the content.
        currency: of its two accounts.
        occurred_at: the transfer's, in its canonical form, by whoever has it already.
    """
    content = (
        f"{transfer.debit}\n{transfer.credit}\n{transfer.amount_fen}\n{currency}\n{transfer.kind}\n"
        f"{occurred_at or canonical(transfer.occurred_at)}\n{transfer.journal or ''}"
    )
    return sha256(content.encode()).hexdigest()


def canonical_metadata(metadata: Mapping[str, str | int]) -> str:
    """The one way metadata is written: JSON in ASCII, keys sorted, no spaces."""
    return _CANONICAL.encode(dict(metadata)) if metadata else "{}"


def fault(transfer: Transfer) -> InvalidTransfer | None:
    """What is wrong with the shape of a transfer, if anything; the first fault only."""
    found = _first_fault(transfer)
    if found is None:
        return None
    field_name, why = found
    reference = transfer.reference
    return InvalidTransfer(f"{reference!r}: {why}", reference=reference, field=field_name)


def _first_fault(transfer: Transfer) -> tuple[str, str] | None:
    amount: object = transfer.amount_fen
    found = None
    if not _REFERENCE.fullmatch(transfer.reference):
        found = "reference", f"a reference is 1 to {LONGEST_REFERENCE} characters of A-Z a-z 0-9 _ . : -"
    elif transfer.reference.startswith(REVERSAL):
        found = "reference", f"{REVERSAL} names reversals, which only reverse() makes"
    elif not isinstance(amount, int) or isinstance(amount, bool) or not 1 <= amount <= BIGGEST_AMOUNT_FEN:
        found = "amount_fen", f"an amount is 1 to {BIGGEST_AMOUNT_FEN} fen"
    elif transfer.debit == transfer.credit:
        found = "credit", "debit and credit are the same account"
    elif not _KIND.fullmatch(transfer.kind):
        found = "kind", f"a kind is 1 to {LONGEST_KIND} characters of a-z 0-9 _ . : -"
    elif transfer.occurred_at.tzinfo is None:
        found = "occurred_at", "the instant has no time zone"
    elif transfer.journal is not None and not _REFERENCE.fullmatch(transfer.journal):
        found = "journal", "a journal is written like a reference"
    elif transfer.metadata and (why := _metadata_fault(transfer.metadata)):
        found = "metadata", why
    return found


def _metadata_fault(metadata: Mapping[str, str | int]) -> str:
    # The types are promised, and callers pass on what came from outside: floats and nested values would not compare on both databases.
    characters = 0
    for name, value in metadata.items():
        if not isinstance(name, str) or isinstance(value, bool) or not isinstance(value, str | int):
            return "metadata holds texts and whole numbers by name"
        characters += len(name) + (len(value) if isinstance(value, str) else value.bit_length())
    # Nothing is longer than its characters as escapes, twelve bytes each, with quotes, colon and comma.
    if (
        characters * 12 + len(metadata) * 6 + 2 > MAX_METADATA_BYTES
        and len(canonical_metadata(metadata)) > MAX_METADATA_BYTES
    ):
        return f"metadata is longer than {MAX_METADATA_BYTES} bytes"
    return ""
