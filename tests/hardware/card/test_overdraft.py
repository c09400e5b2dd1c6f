"""The overdraft limit."""

import pytest

from hardware.card import overdraft
from hardware.errors import MalformedCardData


def test_the_commands_have_the_standards_bytes() -> None:
    """The issuer changes a limit of up to three bytes; the card answers 19 bytes and a TAC."""
    assert overdraft.InitializeForUpdate(1, bytes(6)).command().to_bytes() == bytes.fromhex(
        "8050040107" + "01" + "00" * 6 + "13"
    )
    sent = overdraft.UpdateOverdrawLimit(5_000, bytes(4), bytes(3), b"MAC2").command().to_bytes()
    assert sent == bytes.fromhex("805800000E001388" + "00" * 7) + b"MAC2\x04"
    assert overdraft.UpdateOverdrawLimit.parse(b"TACS") == b"TACS"
    answer = overdraft.OverdraftInitialization(100, 2, 5_000, 1, 0, b"rand", b"MAC1")
    assert len(answer.encode()) == 19
    assert overdraft.InitializeForUpdate.parse(answer.encode()) == answer


def test_a_limit_beyond_three_bytes_is_refused() -> None:
    """A limit is never cut to what fits."""
    with pytest.raises(MalformedCardData):
        overdraft.UpdateOverdrawLimit(1 << 24, bytes(4), bytes(3), bytes(4)).command()
