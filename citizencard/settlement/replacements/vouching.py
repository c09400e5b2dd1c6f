"""What must hold between cards in the place of others, late taps of the old ones, and the ledger: checks of the proof."""

from collections.abc import Iterator

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from citizencard.settlement.replacements.models import CardReplacement, PurseShortfall
from citizencard.settlement.replacements.moving import MOVE
from citizencard.settlement.replacements.shortfalls import SHORT
from ledger import Difference
from ledger.checks import streamed
from ledger.models import Account, PostedTransfer


def moves_booked(session: Session) -> Iterator[Difference]:
    """What moved from an old purse is what its replacement says, once; and from no other purse has anything moved."""
    debit = aliased(Account)
    said = select(
        (literal("purse:") + CardReplacement.old_card_id).label("purse"),
        CardReplacement.moved_fen.label("said"),
        literal(0).label("paid"),
    ).where(CardReplacement.moved_fen > 0)
    paid = (
        select(debit.code.label("purse"), literal(0).label("said"), PostedTransfer.amount_fen.label("paid"))
        .join(debit, debit.id == PostedTransfer.debit_id)
        .where(PostedTransfer.kind == MOVE, debit.code.startswith("purse:", autoescape=True))
    )
    both = union_all(said, paid).subquery()
    sums = func.sum(both.c.said), func.sum(both.c.paid)
    found = select(both.c.purse, sums[0].label("said_fen"), sums[1].label("paid_fen")).group_by(both.c.purse)
    for row in streamed(session, found.having(sums[0] != sums[1]).order_by(both.c.purse)):
        yield Difference("move", row.purse, f"{int(row.said_fen)} fen moved", f"{int(row.paid_fen)} fen")


def shortfalls_booked(session: Session) -> Iterator[Difference]:
    """Each purse of an old card got what its shortfalls say, from its holder and from the company; and no other purse did."""
    debit, credit = aliased(Account), aliased(Account)
    purse = literal("purse:") + PurseShortfall.card_id
    owed = literal("owed:holder:") + PurseShortfall.card_id
    parts = [
        select(purse.label("purse"), payer.label("payer"), fen.label("said"), literal(0).label("paid")).where(fen > 0)
        for payer, fen in (
            (owed, PurseShortfall.holder_fen),
            (literal("expense:purse_loss"), PurseShortfall.company_fen),
        )
    ]
    paid = (
        select(
            credit.code.label("purse"),
            debit.code.label("payer"),
            literal(0).label("said"),
            PostedTransfer.amount_fen.label("paid"),
        )
        .join(debit, debit.id == PostedTransfer.debit_id)
        .join(credit, credit.id == PostedTransfer.credit_id)
        .where(PostedTransfer.kind == SHORT)
    )
    both = union_all(*parts, paid).subquery()
    sums = func.sum(both.c.said), func.sum(both.c.paid)
    found = select(both.c.purse, both.c.payer, sums[0].label("said_fen"), sums[1].label("paid_fen")).group_by(
        both.c.purse, both.c.payer
    )
    for row in streamed(session, found.having(sums[0] != sums[1]).order_by(both.c.purse, both.c.payer)):
        where = f"{row.purse} from {row.payer}"
        yield Difference("shortfall", where, f"{int(row.said_fen)} fen", f"{int(row.paid_fen)} fen")
