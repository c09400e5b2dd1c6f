"""Money that is reserved: nobody else can spend it, and in the end it is settled, released or lapses."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger import (
    AccountState,
    AccountType,
    Held,
    HoldState,
    NewAccount,
    NewHold,
    Settlement,
    balance,
    expire_holds,
    find_hold,
    hold,
    open_accounts,
    post,
    prove,
    release_hold,
    reverse,
    set_account_state,
    settle_hold,
    settlement_transfer,
)
from ledger.errors import (
    AccountFrozen,
    AccountNotEmpty,
    BalanceTooLow,
    CeilingExceeded,
    HoldEnded,
    HoldExceeded,
    HoldExpired,
    InvalidHold,
    LedgerError,
    ReferenceReused,
    UnknownAccount,
    UnknownHold,
)
from tests.ledger.make import AT, books, fund, held, transfer, wallet

MERCHANT = "merchant:1:clearing"
LATER = AT + timedelta(minutes=30)
FUEL = NewHold("hold:1", "wallet:1", MERCHANT, 300, "fuel", AT, LATER)
BY_CARD = NewHold("hold:in", "bank", "wallet:1", 300, "topup", AT, LATER, recharge=True)


@pytest.fixture
def city(session: Session) -> Session:
    """Books with 500 fen in a wallet that may be recharged to 1,000."""
    books(session, wallet("wallet:2"), wallet("wallet:3", 1_000))
    fund(session, "wallet:1", 500)
    return session


def part(n: int, amount_fen: int, *, final: bool = False, reference: str = "hold:1") -> Settlement:
    return Settlement(reference, n, amount_fen, AT, final=final)


def reserved(session: Session, code: str = "wallet:1") -> tuple[int, int, int]:
    found = balance(session, code)
    return found.balance_fen, found.held_out_fen, found.held_in_fen


def test_what_is_held_cannot_be_spent(city: Session) -> None:
    """With 500 there and 300 held, 201 cannot be spent or held again, and 200 can."""
    assert hold(city, FUEL, now=AT) == Held(
        "hold:1", "wallet:1", MERCHANT, 300, 0, "fuel", AT, AT, LATER, HoldState.OPEN, replayed=False
    )
    assert reserved(city) == (500, 300, 0)
    for refused in (
        lambda: post(city, [transfer("buy", "wallet:1", MERCHANT, 201)], now=AT),
        lambda: post(city, [transfer("fact", "wallet:1", MERCHANT, 201, fact=True)], now=AT),
        lambda: hold(city, replace(FUEL, reference="hold:2", amount_fen=201), now=AT),
    ):
        with pytest.raises(BalanceTooLow) as refusal:
            refused()
        assert refusal.value.fields["missing_fen"] == 1
    post(city, [transfer("buy", "wallet:1", MERCHANT, 200)], now=AT)
    assert reserved(city) == (300, 300, 0)
    with pytest.raises(BalanceTooLow):
        reverse(city, "fund:wallet:1:500", occurred_at=AT, now=AT)
    assert prove(city).proved


def test_hold_is_settled_in_parts(city: Session) -> None:
    """Parts are posted up to the amount, each once; the last one ends the hold and nothing more can be taken."""
    hold(city, FUEL, now=AT)
    first = settle_hold(city, part(1, 100), now=AT)
    assert (first.posted.transfer.reference, first.posted.transfer.journal) == ("settle:hold:1:1", "hold:1")
    assert (first.hold.settled_fen, first.hold.reserved_fen, first.hold.state) == (100, 200, HoldState.OPEN)
    with pytest.raises(HoldExceeded):
        settle_hold(city, part(2, 201), now=AT)
    again = settle_hold(city, part(1, 100), now=AT)
    assert (again.posted.id, again.posted.replayed, again.hold.replayed) == (first.posted.id, True, True)
    with pytest.raises(ReferenceReused):
        settle_hold(city, part(1, 99), now=AT)
    second = settle_hold(city, part(2, 200), now=AT)
    assert (second.hold.state, second.hold.reserved_fen) == (HoldState.SETTLED, 0)
    for refused in (
        lambda: settle_hold(city, part(3, 1), now=AT),
        lambda: release_hold(city, "hold:1", now=AT),
    ):
        with pytest.raises(HoldEnded):
            refused()
    assert reserved(city) == (200, 0, 0)
    assert held(city, MERCHANT) == [300]
    assert prove(city).proved


def test_final_part_gives_back_the_rest(city: Session) -> None:
    """The pump says that no more fuel will come: what was reserved beyond it is free at once."""
    hold(city, FUEL, now=AT)
    settled = settle_hold(city, part(1, 120, final=True), now=AT)
    assert (settled.hold.state, settled.hold.settled_fen) == (HoldState.SETTLED, 120)
    assert reserved(city) == (380, 0, 0)
    assert prove(city).proved


def test_released_hold_gives_back_the_rest(city: Session) -> None:
    """A hold released after a part was settled reserves nothing; released again it stays as it is."""
    hold(city, FUEL, now=AT)
    settle_hold(city, part(1, 100), now=AT)
    released = release_hold(city, "hold:1", now=AT)
    assert (released.state, released.settled_fen, released.replayed) == (HoldState.RELEASED, 100, False)
    assert release_hold(city, "hold:1", now=LATER) == replace(released, replayed=True)
    with pytest.raises(HoldEnded):
        settle_hold(city, part(2, 1), now=AT)
    assert reserved(city) == (400, 0, 0)
    assert prove(city).proved


def test_held_twice_is_held_once(city: Session) -> None:
    """A terminal that resends its hold gets the first answer, also after it ended and with a later expiry; other content is refused."""
    first = hold(city, FUEL, now=AT)
    assert hold(city, replace(FUEL, expires_at=LATER + timedelta(hours=1)), now=LATER) == replace(first, replayed=True)
    assert reserved(city) == (500, 300, 0)
    with pytest.raises(ReferenceReused):
        hold(city, replace(FUEL, amount_fen=299), now=AT)
    release_hold(city, "hold:1", now=AT)
    assert hold(city, FUEL, now=AT).state is HoldState.RELEASED
    assert reserved(city) == (500, 0, 0)


def test_hold_of_a_recharge_reserves_room(city: Session) -> None:
    """A payment under way keeps its room under the ceiling: another recharge is refused, a refund is not, and the payment arrives."""
    hold(city, replace(BY_CARD, credit="wallet:3", amount_fen=700), now=AT)
    assert reserved(city, "wallet:3") == (0, 0, 700)
    with pytest.raises(CeilingExceeded):
        post(city, [transfer("cash", "till:1", "wallet:3", 301, recharge=True)], now=AT)
    with pytest.raises(CeilingExceeded):
        hold(city, replace(BY_CARD, reference="hold:in2", credit="wallet:3", amount_fen=301), now=AT)
    post(city, [transfer("refund", "bank", "wallet:3", 900)], now=AT)
    settle_hold(city, part(1, 700, reference="hold:in"), now=AT)
    assert reserved(city, "wallet:3") == (1_600, 0, 0)
    assert prove(city).proved


def test_hold_counts_on_both_sides(city: Session) -> None:
    """From wallet to wallet, money is kept on one side and room on the other, and both are given back."""
    both = replace(BY_CARD, debit="wallet:1", credit="wallet:3", amount_fen=400)
    hold(city, both, now=AT)
    assert (reserved(city, "wallet:1"), reserved(city, "wallet:3")) == ((500, 400, 0), (0, 0, 400))
    settle_hold(city, part(1, 150, reference="hold:in"), now=AT)
    assert (reserved(city, "wallet:1"), reserved(city, "wallet:3")) == ((350, 250, 0), (150, 0, 250))
    release_hold(city, "hold:in", now=AT)
    assert (reserved(city, "wallet:1"), reserved(city, "wallet:3")) == ((350, 0, 0), (150, 0, 0))
    assert prove(city).proved


def test_assets_are_held_when_they_shrink(city: Session) -> None:
    """Of a till the money is reserved when it is to be credited."""
    fund(city, "till:1", 100, credit=MERCHANT)
    hold(city, NewHold("hold:till", "bank", "till:1", 80, "bag", AT, LATER), now=AT)
    assert reserved(city, "till:1") == (100, 80, 0)
    with pytest.raises(BalanceTooLow):
        post(city, [transfer("pay", "bank", "till:1", 21)], now=AT)
    assert settle_hold(city, part(1, 80, reference="hold:till"), now=AT).hold.state is HoldState.SETTLED
    assert reserved(city, "till:1") == (20, 0, 0)


def test_freezing_stops_no_hold_that_was_placed(city: Session) -> None:
    """A loss report freezes the wallet: no new hold, but fuel that is in the tank is paid."""
    hold(city, FUEL, now=AT)
    set_account_state(city, "wallet:1", AccountState.FROZEN)
    with pytest.raises(AccountFrozen):
        hold(city, replace(FUEL, reference="hold:2"), now=AT)
    settle_hold(city, part(1, 250, final=True), now=AT)
    assert reserved(city) == (250, 0, 0)


def test_expired_hold_is_not_settled(city: Session) -> None:
    """After its time a hold settles nothing; the same transfer may be tried as a purchase and then answers the resent settlement."""
    placed = hold(city, FUEL, now=AT)
    late = part(1, 300)
    with pytest.raises(HoldExpired):
        settle_hold(city, late, now=LATER)
    posted = post(city, [settlement_transfer(placed, late)], now=LATER)
    assert find_hold(city, "hold:1").state is HoldState.EXPIRED, "ended with the posting"
    assert settle_hold(city, late, now=LATER).posted.id == posted[0].id
    assert (reserved(city), find_hold(city, "hold:1").settled_fen) == ((200, 0, 0), 0)
    assert prove(city).proved


def test_due_holds_end_before_a_refusal(city: Session) -> None:
    """Money of a hold that is over can be spent though nobody has cleaned up, and the other side's room is free as well."""
    hold(city, replace(BY_CARD, debit="wallet:1", credit="wallet:3", amount_fen=400), now=AT)
    before = LATER - timedelta(microseconds=1)
    with pytest.raises(BalanceTooLow):
        post(city, [transfer("buy", "wallet:1", MERCHANT, 500)], now=before)
    post(city, [transfer("buy", "wallet:1", MERCHANT, 500)], now=LATER)
    assert (reserved(city), reserved(city, "wallet:3")) == ((0, 0, 0), (0, 0, 0))
    assert find_hold(city, "hold:in").state is HoldState.EXPIRED
    assert release_hold(city, "hold:in", now=LATER).state is HoldState.EXPIRED
    assert prove(city).proved


def test_holds_expire_by_command(city: Session) -> None:
    """The command ends what is over, oldest first, in bounded portions, and nothing that is not over."""
    for minutes in (1, 2, 3, 60):
        hold(
            city,
            replace(FUEL, reference=f"hold:{minutes}", amount_fen=10, expires_at=AT + timedelta(minutes=minutes)),
            now=AT,
        )
    assert expire_holds(city, AT) == 0
    hold(city, replace(BY_CARD, credit="wallet:2", expires_at=AT + timedelta(minutes=2)), now=AT)
    # A portion ends with the accounts it has met: what else is over there is ended with it.
    assert [expire_holds(city, AT + timedelta(minutes=3), limit=1) for _ in range(3)] == [3, 1, 0]
    assert reserved(city) == (500, 10, 0)
    assert release_hold(city, "hold:60", now=AT + timedelta(hours=2)).state is HoldState.EXPIRED
    assert reserved(city) == (500, 0, 0)
    assert prove(city).proved


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"expires_at": AT}, InvalidHold),
        ({"expires_at": AT + timedelta(days=31, seconds=1)}, InvalidHold),
        ({"expires_at": LATER.replace(tzinfo=None)}, InvalidHold),
        ({"amount_fen": 0}, InvalidHold),
        ({"reference": "x" * 81}, InvalidHold),
        ({"reference": "rev:x"}, InvalidHold),
        ({"debit": "bank"}, InvalidHold),
        ({"debit": "bank", "credit": "wallet:1"}, InvalidHold),
        ({"debit": "wallet:9"}, UnknownAccount),
    ],
)
def test_holds_that_are_refused(city: Session, changes: dict[str, object], refusal: type[LedgerError]) -> None:
    """A hold has an end within a month, an amount, a reference, and something to reserve."""
    with pytest.raises(refusal):
        hold(city, replace(FUEL, **changes), now=AT)  # type: ignore[arg-type] # any field
    assert reserved(city) == (500, 0, 0)


def test_parts_that_are_refused(city: Session) -> None:
    """A part has a hold, a number and an amount."""
    hold(city, FUEL, now=AT)
    for n, amount_fen in ((0, 1), (1_000, 1), (1, 0)):
        with pytest.raises(InvalidHold):
            settle_hold(city, part(n, amount_fen), now=AT)
    for refused in (
        lambda: settle_hold(city, part(1, 1, reference="hold:9"), now=AT),
        lambda: release_hold(city, "hold:9", now=AT),
        lambda: find_hold(city, "hold:9"),
    ):
        with pytest.raises(UnknownHold):
            refused()


def test_account_with_a_hold_stays_open(city: Session) -> None:
    """An account is not closed under a payment that is on its way."""
    hold(city, replace(BY_CARD, credit="wallet:2"), now=AT)
    for code in ("wallet:2", "bank"):
        with pytest.raises(AccountNotEmpty):
            set_account_state(city, code, AccountState.CLOSED)
    release_hold(city, "hold:in", now=AT)
    set_account_state(city, "wallet:2", AccountState.CLOSED)


def test_account_without_a_floor_counts_too(city: Session) -> None:
    """A locked account without a floor may be held beyond what is there; the count is kept."""
    open_accounts(city, [NewAccount("credit", AccountType.LIABILITY, "credit", locked=True)])
    hold(city, replace(FUEL, debit="credit"), now=AT)
    assert reserved(city, "credit") == (0, 300, 0)
    settle_hold(city, part(1, 300), now=AT)
    assert reserved(city, "credit") == (-300, 0, 0)
    assert city.execute(text("SELECT count(*) FROM ledger_hold_settlement")).scalar() == 1
