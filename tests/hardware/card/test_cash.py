"""Cash withdrawal from the passbook."""

from hardware.card.cash import DebitForCashWithdraw, InitializeForCashWithdraw
from hardware.card.purse import PurchaseInitialization


def test_the_commands_have_the_standards_bytes() -> None:
    """It is announced for the passbook only, answered like a purchase and completed by the same debit."""
    sent = InitializeForCashWithdraw(1, 5_000, bytes(6)).command().to_bytes()
    assert sent == bytes.fromhex("805002010B0100001388" + "00" * 6 + "0F")
    answer = PurchaseInitialization(100, 1, 0, 1, 0, b"rand")
    assert InitializeForCashWithdraw.parse(answer.encode()) == answer
    assert DebitForCashWithdraw(1, bytes(4), bytes(3), bytes(4)).command().header() == bytes.fromhex("80540100")
