"""Whether the lines of a decision can be carried out as things stand: asked when they are proposed, and again when they are approved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.merchants.registry import merchants_by_id
from citizencard.purse.decisions.models import Outcome, TapDecision
from citizencard.purse.uploads.models import TapRecord, Verdict
from citizencard.purse.uploads.records import RecordKind
from citizencard.settlement.findings.errors import (
    GoodwillTooHigh,
    HolderWithoutCard,
    TapAmountDiffers,
    TapDecided,
    TapMerchantUnfit,
    TapNotOpen,
    UnknownTap,
)
from citizencard.settlement.findings.lines import DecisionLine
from citizencard.settlement.findings.seen import last_findings
from citizencard.settlement.findings.suspended import Suspended, suspended
from citizencard.settlement.replacements.successors import holders_accounts

CHIP_CEILING_FEN: Final = 100_000
"""No purse holds more, so no tap can have cost more, whatever a rejected record says."""
GIVES_BACK: Final = frozenset({Outcome.HOLDER, Outcome.COMPANY})


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """A line that can be carried out, with all that is needed for it.

    Args:
        line: what was said.
        record: the tap.
        waiting: its money in suspense; None for goodwill.
        merchant_id: who is paid, if a merchant is.
        holder: account of the holder, if he is given something.
        finding_to: the last finding about the tap.
    """

    line: DecisionLine
    record: TapRecord
    waiting: Suspended | None
    merchant_id: str | None
    holder: str | None
    finding_to: int


def checked(session: Session, lines: Sequence[DecisionLine]) -> list[CheckedLine]:
    """The lines with what they are about, in order; a fixed number of statements.

    Raises:
        UnknownTap: there is no such tap.
        TapDecided: it was decided about before.
        TapNotOpen: its money never was in doubt; or goodwill is to be given for something else than a rejected purchase.
        TapAmountDiffers: the amount is not all that is in suspense.
        TapMerchantUnfit: no merchant is named where the registry names none, another one where it does, or one that nobody knows.
        GoodwillTooHigh: nothing, more than the record says, or more than a chip holds.
        HolderWithoutCard: the card is closed, and no other came in its place.
    """
    ids = [line.record_id for line in lines]
    records = {row.id: row for row in session.scalars(select(TapRecord).where(TapRecord.id.in_(ids)))}
    for record_id in ids:
        if record_id not in records:
            raise UnknownTap(f"no tap {record_id}", record=record_id)
    for record_id in session.scalars(select(TapDecision.record_id).where(TapDecision.record_id.in_(ids))):
        raise TapDecided(f"tap {record_id} is decided", record=record_id)
    waiting = suspended(session, list(records.values()))
    giving = [records[line.record_id] for line in lines if line.outcome in GIVES_BACK]
    holders = holders_accounts(session, giving)
    known = merchants_by_id(session, [line.merchant_id for line in lines if line.merchant_id is not None])
    last = last_findings(session, ids)
    return [
        CheckedLine(
            line,
            record=(record := records[line.record_id]),
            waiting=_waiting(line, record, waiting),
            merchant_id=_merchant(line, record, known),
            holder=_holder(line, holders),
            finding_to=last.get(line.record_id, 0),
        )
        for line in lines
    ]


def _waiting(line: DecisionLine, record: TapRecord, waiting: Mapping[int, Suspended]) -> Suspended | None:
    if line.outcome is Outcome.GOODWILL:
        if record.verdict != Verdict.REJECTED or record.kind != RecordKind.PURCHASE:
            raise TapNotOpen(f"tap {record.id} is no rejected purchase", record=record.id)
        limit_fen = min(record.amount_fen, CHIP_CEILING_FEN)
        if not 0 < line.amount_fen <= limit_fen:
            raise GoodwillTooHigh(
                f"at most {limit_fen} fen", record=record.id, amount_fen=line.amount_fen, limit_fen=limit_fen
            )
        return None
    found = waiting.get(record.id)
    if found is None:
        raise TapNotOpen(f"no money of tap {record.id} is undecided", record=record.id)
    if line.amount_fen != found.amount_fen:
        raise TapAmountDiffers(
            f"{found.amount_fen} fen are undecided",
            record=record.id,
            amount_fen=line.amount_fen,
            open_fen=found.amount_fen,
        )
    return found


def _merchant(line: DecisionLine, record: TapRecord, known: Mapping[str, object]) -> str | None:
    """Who is paid: the registry's merchant, and the one that the decision names only where the registry names none."""
    if line.outcome is Outcome.HOLDER:
        is_fit, chosen = line.merchant_id is None, None
    elif record.merchant_id is not None:
        is_fit, chosen = line.merchant_id in {None, record.merchant_id}, record.merchant_id
    else:
        is_fit, chosen = line.merchant_id in known, line.merchant_id
    if not is_fit:
        raise TapMerchantUnfit(f"tap {record.id} cannot be paid to {line.merchant_id}", record=record.id)
    return chosen


def _holder(line: DecisionLine, holders: Mapping[int, str | None]) -> str | None:
    if line.outcome not in GIVES_BACK:
        return None
    account = holders.get(line.record_id)
    if account is None:
        raise HolderWithoutCard(f"the card of tap {line.record_id} is closed", record=line.record_id)
    return account
