"""Whether a city agrees with itself: every chip with its shadow, cover with debt, the ledger with its own transfers."""

from collections.abc import Iterator, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from citizencard import chart
from citizencard.db import Sessions, reading
from citizencard.purse.uploads.models import TapRecord
from citizencard.purse.uploads.records import RecordKind
from citizencard.settlement.certificate import COVER, weigh
from hardware.emulator import EmulatedCard
from ledger import balances, existing, prove, trial_balance
from ledger.cuts import sums_until
from ledger.models import PostedTransfer
from tests.citizencard.purse.loads.make_loads import chip_balance


def differences(sessions: Sessions, chips: Mapping[str, EmulatedCard], unproven: Mapping[str, int]) -> list[str]:
    """Where the city does not agree with itself, in words; empty when all is well.

    Args:
        sessions: its database.
        chips: all chips by card id.
        unproven: fen by card id that the chip has paid and that no record with a TAC says; the host must have exactly this much more on
            the shadow, and an open item that claims it.
    """
    with reading(sessions) as session:
        open_fen = open_items(session)
        return [
            *_chips_against_shadows(session, chips, unproven),
            *(
                f"{card_id}: {fen} fen are unproven, but the open items claim {open_fen.get(card_id, 0)}"
                for card_id, fen in unproven.items()
                if fen > open_fen.get(card_id, 0)
            ),
            *_books(session),
        ]


def open_items(session: Session) -> dict[str, int]:
    """Fen by card id in unconfirmed purchases whose proof has not come."""
    proof = aliased(TapRecord)
    proved = select(proof.id).where(
        proof.kind == RecordKind.PURCHASE,
        proof.identity.is_not(None),
        proof.terminal_number == TapRecord.terminal_number,
        proof.terminal_sequence == TapRecord.terminal_sequence,
        proof.card_serial == TapRecord.card_serial,
    )
    rows = session.execute(
        select(TapRecord.card_id, func.sum(TapRecord.amount_fen))
        .where(TapRecord.kind == RecordKind.UNCONFIRMED, ~proved.exists())
        .group_by(TapRecord.card_id)
    )
    return {str(card_id): int(fen) for card_id, fen in rows}


def balances_of(session: Session) -> dict[str, int]:
    """Every account that ever moved, on its normal side, by code: no posting is overlooked."""
    families = [row.pattern for row in chart.CHART]
    return {row.code: row.balance_fen for row in sums_until(session, last_transfer(session), families)}


def last_transfer(session: Session) -> int:
    """Id of the newest transfer, 0 when there is none."""
    return session.execute(select(func.coalesce(func.max(PostedTransfer.id), 0))).scalar_one()


def _chips_against_shadows(
    session: Session, chips: Mapping[str, EmulatedCard], unproven: Mapping[str, int]
) -> Iterator[str]:
    codes = [code for card_id in chips for code in (chart.purse(card_id), chart.inload(card_id))]
    found = balances(session, sorted(existing(session, codes))) if codes else {}
    for card_id, chip in chips.items():
        purse, inload = found.get(chart.purse(card_id)), found.get(chart.inload(card_id))
        shadow_fen = purse.balance_fen if purse else 0
        chip_fen, missing_fen = chip_balance(chip), unproven.get(card_id, 0)
        if chip_fen != shadow_fen - missing_fen:
            yield f"{card_id}: chip {chip_fen}, shadow {shadow_fen}, of which {missing_fen} unproven"
        if inload is not None and inload.balance_fen:
            yield f"{card_id}: {inload.balance_fen} fen are still on their way to the chip"


def _books(session: Session) -> Iterator[str]:
    custody = weigh(sums_until(session, last_transfer(session), sorted({*COVER, *chart.CLIENT_LIABILITY_FAMILIES})))
    if custody.surplus_fen:
        yield f"cover {custody.cover_fen}, owed {custody.owed_fen}"
    total = trial_balance(session)
    if total.total_debits_fen != total.total_credits_fen:
        yield f"debits {total.total_debits_fen}, credits {total.total_credits_fen}"
    yield from (str(difference) for difference in prove(session).differences)
