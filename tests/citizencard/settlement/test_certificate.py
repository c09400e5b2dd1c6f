"""The custody certificate: client money is covered, account by account."""

from datetime import datetime

from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.settlement.certificate import certify, weigh
from ledger import AccountType, close_day
from ledger.cuts import SumUntil
from tests.citizencard.settlement.make import DAY, NEXT_DAY, begin, day_of_rides, move


def sums(**balances: int) -> list[SumUntil]:
    """Balances of a card, a till and the like, by a short name."""
    kinds = {
        "till": ("till:1", "till:<till>", AccountType.ASSET),
        "custody": ("bank:custody", "bank:custody", AccountType.ASSET),
        "payout": ("transit:payout:custody", "transit:payout:custody", AccountType.LIABILITY),
        "purse": ("purse:a", "purse:<card>", AccountType.LIABILITY),
        "inload": ("inload:a", "inload:<card>", AccountType.LIABILITY),
        "other_purse": ("purse:b", "purse:<card>", AccountType.LIABILITY),
        "clearing": ("merchant:m:clearing", "merchant:<m>:clearing", AccountType.LIABILITY),
        "other_clearing": ("merchant:n:clearing", "merchant:<m>:clearing", AccountType.LIABILITY),
    }
    return [SumUntil(*kinds[name], balance_fen) for name, balance_fen in balances.items()]


def test_purse_below_zero_is_a_loss_to_cover() -> None:
    """One holder's missing money is never taken from another holder's."""
    custody = weigh(sums(till=1_000, purse=-300, other_purse=1_300))
    assert (custody.cover_fen, custody.owed_fen, custody.surplus_fen) == (1_000, 1_300, -300)


def test_purse_and_load_under_way_are_one_holders_money() -> None:
    """A load that the chip has and the books still hold under way is not owed twice, nor missing once."""
    custody = weigh(sums(till=1_000, purse=-200, inload=1_200))
    assert (custody.owed_fen, custody.surplus_fen) == (1_000, 0)


def test_merchant_below_zero_is_a_claim_and_covers_nobody() -> None:
    """What one merchant has to give back is not taken from what another has earned."""
    custody = weigh(sums(till=1_000, clearing=-400, other_clearing=1_000))
    assert (custody.owed_fen, custody.surplus_fen) == (1_000, 0)


def test_payout_on_its_way_is_taken_off_the_cover() -> None:
    """Money that was ordered to leave the reserve account covers nobody any more."""
    custody = weigh(sums(custody=5_000, payout=2_000, clearing=3_000))
    assert (custody.cover_fen, custody.surplus_fen, custody.custody_fen) == (3_000, 0, 5_000)


def test_day_of_cash_and_rides_is_covered_to_the_fen(session: Session, now: datetime) -> None:
    """Cash in the till covers the purse, what the bus company earned and what is in doubt; subsidies are the company's own affair."""
    merchant_id = begin(session, now)
    day_of_rides(session, merchant_id, now)
    closed = close_day(session, DAY, NEXT_DAY, now=now)
    move(session, now, [("late", chart.till("1"), chart.due("card_1"), 700)])
    certificate = certify(session, closed, now)
    assert (certificate.cover_fen, certificate.owed_fen, certificate.surplus_fen) == (10_000, 10_000, 0)
    assert certificate.owed_parts == {"cards": 9_540, "merchant:<m>:clearing": 260, "merchant:<m>:suspense": 200}
    assert certify(session, closed, now) is certificate
