"""The medical account of a social-security card."""

import pytest

from hardware.card.apdu import CommandApdu
from hardware.card.purse import LoadInitialization
from hardware.card.social_account import GetMedicalBalance, InitializeMedicalLoad, MedicalAccount
from hardware.errors import MalformedCardData


def test_the_commands_have_their_bytes() -> None:
    """A hospital's reader asks for the three balances and begins a load as the published notes say."""
    asked = [GetMedicalBalance(account).command().to_bytes().hex() for account in MedicalAccount]
    assert asked == ["b026000104", "b026000206", "b026000306"]
    load = InitializeMedicalLoad(1, 100, bytes(6))
    assert load.command().to_bytes() == bytes.fromhex("B02800010B0100000064" + "00" * 6 + "10")
    answer = LoadInitialization(100, 1, 1, 0, b"rand", b"MAC1")
    assert InitializeMedicalLoad.parse(answer.encode()) == answer


def test_balances_have_their_lengths() -> None:
    """Four bytes for the individual account, six for the others; a fourth account does not exist."""
    assert GetMedicalBalance().parse(b"\x00\x00\x00\x64") == 100
    assert GetMedicalBalance(MedicalAccount.POOLED_OUT_PATIENT).parse(bytes(5) + b"\x64") == 100
    with pytest.raises(MalformedCardData):
        GetMedicalBalance().parse(bytes(6))
    with pytest.raises(MalformedCardData):
        GetMedicalBalance.from_command(CommandApdu(0xB0, 0x26, 0, 4, le=4))
