"""Refusals can be told apart by machines and read by people."""

from ledger import errors
from ledger.errors import LedgerError
from ledger.verdicts import PRECEDENCE


def test_each_refusal_has_its_own_code_and_title() -> None:
    """No two refusals share a code, and each has a title that is a sentence."""
    found = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LedgerError)]
    assert len({kind.code for kind in found}) == len(found)
    assert all(kind("why").title and not kind("why").title.endswith(".") for kind in found)
    assert set(PRECEDENCE) < set(found)


def test_shortfall_stays_inside() -> None:
    """Only named fields leave the house: the missing amount would tell a stranger the balance."""
    refusal = errors.BalanceTooLow("text", account="wallet:1", missing_fen=5)
    assert refusal.public_fields() == {"account": "wallet:1"}
    assert refusal.fields["missing_fen"] == 5
    assert refusal.title == "The account does not hold enough"
