"""A batch by its columns: one list for each, as statements take them; what all transfers share is said once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from ledger.instants import canonical
from ledger.models import BIGGEST_AMOUNT_FEN
from ledger.transfers import USUAL_CURRENCY, Transfer, canonical_metadata, fault, fingerprint

_FIELDS: Final = attrgetter("reference", "debit", "credit", "amount_fen", "kind", "journal", "metadata")


@dataclass(frozen=True, slots=True)
class Columns:
    """Well formed transfers with references of their own. What differs in none of them is an empty list, and its value in `kind`.

    Args:
        transfers: in the order of the batch, as are the lists.
        references: all different.
        debits: codes of the debited accounts.
        credits: codes of the credited accounts.
        amounts_fen: together at most 2**53 fen, so that no sum overflows.
        kind: of all of them, if they share it.
        kinds: otherwise.
        journals: empty if none has one.
        metadata: in their canonical form; empty if none has any.
        debited_fen: how much the batch debits each account that it names, in the order in which they are named first.
        credited_fen: how much it credits them, in the same order.
        has_recharges: whether ceilings bind any of them.
    """

    transfers: Sequence[Transfer]
    references: Sequence[str]
    debits: Sequence[str]
    credits: Sequence[str]
    amounts_fen: Sequence[int]
    kind: str
    kinds: Sequence[str]
    journals: Sequence[str | None]
    metadata: Sequence[str]
    debited_fen: dict[str, int]
    credited_fen: dict[str, int]
    has_recharges: bool


def by_column(transfers: Sequence[Transfer]) -> Columns | None:
    """The batch by its columns; None when it is empty, too large for a sum, or has something to refuse, to compare or to repeat."""
    if not transfers or any(map(fault, transfers)):
        return None
    references, debits, credits_, amounts_fen, kinds, journals, metadata = zip(*map(_FIELDS, transfers), strict=True)
    if len(set(references)) < len(references) or sum(amounts_fen) > BIGGEST_AMOUNT_FEN:
        return None
    debited_fen = dict.fromkeys([*debits, *credits_], 0)
    credited_fen = debited_fen.copy()
    for debit, credit, amount_fen in zip(debits, credits_, amounts_fen, strict=True):
        debited_fen[debit] += amount_fen
        credited_fen[credit] += amount_fen
    return Columns(
        transfers,
        references,
        debits,
        credits_,
        amounts_fen,
        kinds[0],
        [] if kinds.count(kinds[0]) == len(kinds) else kinds,
        [] if journals.count(None) == len(journals) else journals,
        _written(metadata) if any(metadata) else [],
        debited_fen,
        credited_fen,
        any(transfer.recharge and not transfer.fact for transfer in transfers),
    )


def _written(metadata: Sequence[Mapping[str, str | int]]) -> list[str]:
    """The metadata in their canonical form. Transfers of one event share theirs: each is written once."""
    texts: dict[int, str] = {}
    for one in metadata:
        if id(one) not in texts:
            texts[id(one)] = canonical_metadata(one)
    return [texts[id(one)] for one in metadata]


@dataclass(frozen=True, slots=True)
class Marks:
    """What is computed of each transfer: its instant in the canonical form, and its fingerprint in the usual currency."""

    occurred_at: Sequence[str]
    fingerprints: Sequence[str]

    @classmethod
    def of(cls, transfers: Sequence[Transfer]) -> "Marks":
        """Compute them, in the order of the batch."""
        # Transfers of one event share its instant.
        texts: dict[int, str] = {}
        for transfer in transfers:
            if id(transfer.occurred_at) not in texts:
                texts[id(transfer.occurred_at)] = canonical(transfer.occurred_at)
        instants = [texts[id(transfer.occurred_at)] for transfer in transfers]
        return cls(
            instants,
            [
                fingerprint(transfer, USUAL_CURRENCY, instant)
                for transfer, instant in zip(transfers, instants, strict=True)
            ],
        )
