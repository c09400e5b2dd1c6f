"""What a ride would have come to had nothing been doubtful about it: its price, and what sponsors owe beside it.

The record is read again from the bytes that were kept, and the registry as of the tap: at upload nobody priced it.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.cards.models import CardState
from citizencard.merchants.models import MerchantKind
from citizencard.purse.uploads.batches import HEADER_BYTES, TRAILER_BYTES, from_json
from citizencard.purse.uploads.facts import Facts, gather
from citizencard.purse.uploads.judge import Judgement, judge
from citizencard.purse.uploads.models import TapRecord, UploadBatch
from citizencard.purse.uploads.records import RECORD_BYTES, PurchaseRecord

UPLOADS_AT_A_TIME: Final = 10
"""Half a megabyte each."""
_CARD: Final = slice(10, 20)
"""Where the card's serial stands in the bytes of a record."""


def judged_without_doubt(session: Session, records: Sequence[TapRecord]) -> dict[int, Judgement]:
    """The judgement on each tap as if nothing had been in doubt, by record id; what is left is price, subsidies and findings.

    Args:
        session: read only.
        records: taps with a good TAC, of any terminals.
    """
    found: dict[int, Judgement] = {}
    by_terminal: dict[bytes, list[tuple[TapRecord, PurchaseRecord]]] = defaultdict(list)
    for row, sent in _as_sent(session, records):
        by_terminal[row.terminal_number].append((row, sent))
    for terminal, pairs in by_terminal.items():
        timed = [(row, sent, row.tapped_at) for row, sent in pairs if row.tapped_at is not None]
        gathered = gather(session, terminal, [(sent, at) for _, sent, at in timed])
        for (row, sent, at), facts in zip(timed, gathered, strict=True):
            found[row.id] = judge(sent, _undoubted(facts), tac_is_good=True, now=at)
    return found


def _undoubted(facts: Facts) -> Facts:
    """The registry's words without what made the tap suspicious: a listed card or module, a card not in use, an amount over the limit."""
    return replace(
        facts,
        state=CardState.ACTIVE,
        hotlisted=False,
        merchant_kind=MerchantKind.UTILITY,
    )


def _as_sent(session: Session, records: Sequence[TapRecord]) -> Iterator[tuple[TapRecord, PurchaseRecord]]:
    """Each row with the record that it was made from."""
    by_batch: dict[int, list[TapRecord]] = defaultdict(list)
    for row in records:
        by_batch[row.batch_id].append(row)
    chosen = select(UploadBatch.id, UploadBatch.form, UploadBatch.raw).where(UploadBatch.id.in_(by_batch))
    for batch in session.execute(chosen, execution_options={"yield_per": UPLOADS_AT_A_TIME}):
        rows: dict[str, TapRecord | None] = {one.digest: one for one in by_batch[batch.id]}
        for sent in _records(batch.form, batch.raw, {one.card_serial for one in by_batch[batch.id]}):
            found = rows.pop(sent.digest(by_batch[batch.id][0].terminal_number), None)
            if found is not None:
                yield found, sent


def _records(form: str, raw: bytes, serials: set[bytes]) -> Iterator[PurchaseRecord]:
    """The records of an upload that are about some cards; others need not be looked at."""
    if form == "json":
        yield from (one for one in from_json(json.loads(raw)).records if one.card_serial in serials)
        return
    for begin in range(HEADER_BYTES, len(raw) - TRAILER_BYTES, RECORD_BYTES):
        sent = raw[begin : begin + RECORD_BYTES]
        if sent[_CARD] in serials:
            yield PurchaseRecord.decode(sent)
