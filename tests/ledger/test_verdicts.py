"""Deciding a batch is plain arithmetic in its order."""

from ledger import AccountState, AccountType
from ledger.errors import BalanceTooLow, CeilingExceeded, LedgerError, UnknownAccount
from ledger.verdicts import PRECEDENCE, Bench, Books, Order, worst
from tests.ledger.make import transfer


def account(code: str, kind: AccountType, balance_fen: int = 0, **terms: int | None) -> Books:
    debits_fen, credits_fen = (balance_fen, 0) if kind.grows_by_debit else (0, balance_fen)
    return Books(
        id=len(code),
        code=code,
        type=kind,
        currency="CNY",
        locked=True,
        floor_fen=terms.get("floor_fen"),
        ceiling_fen=terms.get("ceiling_fen"),
        state=AccountState.OPEN,
        debits_fen=debits_fen,
        credits_fen=credits_fen,
    )


def decide(*orders: tuple[str, str, int], accounts: list[Books]) -> list[type[LedgerError] | None]:
    bench = Bench({books.code: books for books in accounts}, {})
    decisions = [bench.decide(Order(transfer(f"t{n}", *order, recharge=True))) for n, order in enumerate(orders)]
    return [type(decision.refusal) if decision.refusal else None for decision in decisions]


def test_running_sums_would_be_wrong() -> None:
    """With 10 there and 8, 5, 2 asked for, a running sum would refuse the 2 as well; in one pass 8 and 2 are paid."""
    wallet, shop = account("wallet", AccountType.LIABILITY, 10, floor_fen=0), account("shop", AccountType.LIABILITY)
    orders = [("wallet", "shop", fen) for fen in (8, 5, 2)]
    assert decide(*orders, accounts=[wallet, shop]) == [None, BalanceTooLow, None]
    assert (wallet.balance_fen, shop.balance_fen) == (0, 10)


def test_every_pair_of_sides() -> None:
    """Whatever the types, a floor guards the account whose balance falls and a ceiling the one whose balance rises."""
    for debit in AccountType:
        for credit in AccountType:
            floors = [account("d", debit, 4, floor_fen=0), account("cc", credit, 4, floor_fen=0)]
            falls = not debit.grows_by_debit or credit.grows_by_debit
            assert decide(("d", "cc", 4), ("d", "cc", 1), accounts=floors) == [None, BalanceTooLow if falls else None]
            ceilings = [account("d", debit, 0, ceiling_fen=4), account("cc", credit, 0, ceiling_fen=4)]
            rises = debit.grows_by_debit or not credit.grows_by_debit
            assert decide(("d", "cc", 4), ("d", "cc", 1), accounts=ceilings) == [
                None,
                CeilingExceeded if rises else None,
            ]


def test_refused_moves_nothing() -> None:
    """What is refused leaves no trace in the sums the rest is decided by."""
    wallet = account("wallet", AccountType.LIABILITY, 10, floor_fen=0)
    assert decide(("wallet", "nowhere", 10), ("nowhere", "wallet", 5), accounts=[wallet]) == [UnknownAccount] * 2
    assert wallet.balance_fen == 10


def test_worst_is_by_precedence_then_place() -> None:
    """A batch is answered with its weightiest refusal, and the first of those."""
    low, high = PRECEDENCE[-2]("first"), PRECEDENCE[0]("second")
    bench = Bench({}, {})
    decisions = [bench.decide(Order(transfer(name, "x", "y", 1))) for name in "abcd"]
    for decision, refusal in zip(decisions, (low, None, high, PRECEDENCE[0]("third")), strict=True):
        decision.refusal = refusal
    assert worst(decisions) is high
    assert worst([]) is None
