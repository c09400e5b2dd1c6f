"""What the registry says about the records of a batch, as of each tap: read once, set-based, before anything is judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from citizencard.cards.as_of import KnownCard, cards_as_of
from citizencard.cards.hotlist_blocks import active_blocks, listed_by_block, module_listed
from citizencard.cards.models import CardState
from citizencard.merchants.registry import lines_by_number, merchants_by_id
from citizencard.purse.uploads.records import PurchaseRecord
from citizencard.tariffs.document import Tariff
from citizencard.tariffs.versions import tariffs_as_of
from citizencard.terminals.bindings import BindingAt, bindings_as_of

WITHIN_THE_SECOND: Final = timedelta(seconds=1, microseconds=-1)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one record, from the registry alone.

    Args:
        card: the card of this serial, None when it is none of ours.
        state: the card's state at the time of the tap, None before its application.
        hotlisted: it was on the hotlist then, by an entry of its own or in a range of cards.
        module_hotlisted: the security module was.
        binding: whose the terminal number was then.
        merchant_kind: of the bound merchant, empty when nobody was bound.
        base_fare_fen: of the registry's line, None when the binding names none.
        tariff: the version that the record names, else the one in force then, else None.
    """

    card: KnownCard | None
    state: CardState | None
    hotlisted: bool
    binding: BindingAt
    merchant_kind: str
    base_fare_fen: int | None
    tariff: Tariff | None
    module_hotlisted: bool = False


def gather(session: Session, terminal: bytes, records: Sequence[tuple[PurchaseRecord, datetime]]) -> list[Facts]:
    """The facts about well-formed records, in order; a fixed number of statements.

    Args:
        session: read only.
        terminal: the batch's terminal number.
        records: each with the time of its tap.
    """
    if not records:
        return []
    # A tap is dated by whole seconds, the registry to the microsecond: a card activated, or a terminal bound, within the second of the
    # tap was so when the tap came, or the tap could not have come.
    ends = [at + WITHIN_THE_SECOND for _, at in records]
    cards = cards_as_of(
        session, [(record.card_serial, end, at) for (record, at), end in zip(records, ends, strict=True)]
    )
    blocks = active_blocks(session)
    bindings = bindings_as_of(session, [(terminal, end) for end in ends])
    merchants = merchants_by_id(session, [one.merchant_id for one in bindings if one.merchant_id is not None])
    lines = lines_by_number(session, [one.line for one in bindings if one.line is not None])
    tariffs = tariffs_as_of(session, [(record.tariff_version, at) for record, at in records])
    bases: Mapping[int | None, int] = {number: line.base_fare_fen for number, line in lines.items()}
    kinds: Mapping[str | None, str] = {key: merchant.kind for key, merchant in merchants.items()}
    return [
        Facts(
            found.card,
            found.state,
            found.hotlisted or (bool(blocks) and listed_by_block(blocks, record.card_serial, at)),
            binding,
            kinds.get(binding.merchant_id, ""),
            bases.get(binding.line),
            tariff,
            bool(blocks) and module_listed(blocks, terminal, at),
        )
        for (record, at), found, binding, tariff in zip(records, cards, bindings, tariffs, strict=True)
    ]
