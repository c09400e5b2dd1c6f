"""Unloading: bytes of the standard; its cryptograms follow the load's rules."""

import pytest

from hardware.card import crypto, signed_inputs, unload
from hardware.errors import MalformedCardData

TERMINAL = bytes.fromhex("330200000001")


def test_the_commands_have_the_standards_bytes() -> None:
    """Passbook and purse are unloaded by the same commands; only P2 differs."""
    assert unload.InitializeForUnload(1, 200, TERMINAL).command().to_bytes() == bytes.fromhex(
        "805005020B01000000C833020000000110"
    )
    assert unload.InitializeForUnload(1, 200, TERMINAL, 1).command().p2 == 1
    sent = unload.DebitForUnload(bytes(4), bytes(3), b"MAC2").command().to_bytes()
    assert sent == bytes.fromhex("805403000B" + "00" * 7) + b"MAC2\x04"
    assert unload.DebitForUnload.parse(b"MAC3") == b"MAC3"


def test_mac3_is_over_what_is_left() -> None:
    """Only a card that really holds less now can make the MAC3 that pays the holder."""
    terms = signed_inputs.Terms(200, unload.TTI_UNLOAD, TERMINAL, bytes(4), bytes(3))
    key = crypto.load_session_key(bytes(range(16)), b"rand", 5)
    macs = {crypto.des_cbc_mac(key, signed_inputs.settlement(balance, 5, terms)) for balance in (9_800, 10_000)}
    assert len(macs) == 2


def test_another_purse_or_length_is_refused() -> None:
    """There is no third purse, and no shortened terminal number."""
    for call in (
        lambda: unload.InitializeForUnload(1, 200, TERMINAL, 3).command(),
        lambda: unload.InitializeForUnload(1, 200, bytes(5)).command(),
        lambda: unload.InitializeForUnload.parse(bytes(15)),
        lambda: unload.DebitForUnload.parse(bytes(8)),
    ):
        with pytest.raises(MalformedCardData):
            call()
