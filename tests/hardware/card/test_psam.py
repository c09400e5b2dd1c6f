"""PSAM commands and files."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.card import psam
from hardware.card.apdu import CommandApdu
from hardware.errors import MalformedCardData
from tests.vectors.card_samples import PSAM_EF15

u8, u16, u32 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32))
four, three = st.binary(min_size=4, max_size=4), st.binary(min_size=3, max_size=3)
eight = st.binary(min_size=8, max_size=8)
factors = st.lists(eight, min_size=1, max_size=3).map(tuple)
days = st.dates(min_value=date(1, 1, 1))


@given(st.builds(psam.InitSamForPurchase, four, u16, u32, u8, four, three, u8, u8, factors))
def test_purchase_question_is_read_as_it_was_sent(command: psam.InitSamForPurchase) -> None:
    """The PSAM signs what the terminal asked, no other amount and no other card."""
    assert psam.InitSamForPurchase.from_command(CommandApdu.from_bytes(command.command().to_bytes())) == command


@pytest.mark.parametrize(("count", "lc"), [(1, 0x1C), (2, 0x24)])
def test_length_is_that_of_the_field(count: int, lc: int) -> None:
    """One factor is T-Union's form (Lc 1C), two are City Union's (Lc 24)."""
    command = psam.InitSamForPurchase(bytes(4), 1, 180, 9, bytes(4), bytes(3), 1, 0, (bytes(8),) * count).command()
    assert command.to_bytes()[:5] == bytes((0x80, 0x70, 0, 0, lc))
    assert command.le == 8


def test_answers_are_read() -> None:
    """The terminal gets its sequence number and MAC1, and gives MAC2 back."""
    assert psam.InitSamForPurchase.parse(bytes.fromhex("00000007AABBCCDD")) == (7, bytes.fromhex("AABBCCDD"))
    credit = psam.CreditSamForPurchase(bytes.fromhex("1D67F9B9"))
    assert credit.command().to_bytes() == bytes.fromhex("80720000041D67F9B9")
    assert psam.CreditSamForPurchase.from_command(credit.command()) == credit


def test_a_psam_of_the_field_is_read() -> None:
    """EF15 of a real PSAM is understood and written back unchanged."""
    read = psam.PsamPublicData.decode(PSAM_EF15)
    assert read.serial == bytes.fromhex("23010101000000212241")
    assert (read.version, read.key_card_type) == (1, 1)
    assert read.encode() == PSAM_EF15


@given(st.builds(psam.PsamPublicData, st.binary(min_size=10, max_size=10), u8, u8, st.binary(min_size=2, max_size=2)))
def test_public_data_survives(value: psam.PsamPublicData) -> None:
    """EF15 of a PSAM says what was written."""
    assert psam.PsamPublicData.decode(value.encode()) == value


@given(st.builds(psam.PsamApplicationData, u8, eight, eight, days, days))
def test_application_data_survives(value: psam.PsamApplicationData) -> None:
    """EF17 of a PSAM says what was written."""
    assert len(value.encode()) == 25
    assert psam.PsamApplicationData.decode(value.encode()) == value


@pytest.mark.parametrize(
    "call",
    [
        lambda: psam.InitSamForPurchase(bytes(4), 1, 1, 9, bytes(4), bytes(3), 1, 0, ()).command(),
        lambda: psam.InitSamForPurchase(bytes(4), 1, 1, 9, bytes(4), bytes(3), 1, 0, (bytes(8),) * 4).command(),
        lambda: psam.InitSamForPurchase(bytes(4), 1, 1, 9, bytes(4), bytes(3), 1, 0, (bytes(7),)).command(),
        lambda: psam.InitSamForPurchase(bytes(4), 1, 1 << 32, 9, bytes(4), bytes(3), 1, 0, (bytes(8),)).command(),
        lambda: psam.InitSamForPurchase.from_command(CommandApdu(0x80, 0x70, 0, 0, bytes(20))),
        lambda: psam.InitSamForPurchase.from_command(CommandApdu(0x80, 0x70, 0, 0, bytes(27))),
        lambda: psam.InitSamForPurchase.from_command(CommandApdu(0x80, 0x70, 0, 1, bytes(28))),
        lambda: psam.InitSamForPurchase.from_command(CommandApdu(0x80, 0x70, 0, 0)),
        lambda: psam.InitSamForPurchase.parse(bytes(7)),
        lambda: psam.CreditSamForPurchase.from_command(CommandApdu(0x80, 0x72, 0, 1, bytes(4))),
        lambda: psam.CreditSamForPurchase(bytes(3)).command(),
        lambda: psam.PsamPublicData.decode(bytes(13)),
        lambda: psam.PsamApplicationData.decode(bytes(25)),
        lambda: psam.terminal_number(bytes(5)),
        lambda: psam.terminal_number(bytes.fromhex("33020000000A")),
    ],
)
def test_malformed_is_refused(call: object) -> None:
    """No field is cut or filled up silently."""
    assert callable(call)
    with pytest.raises(MalformedCardData):
        call()


def test_terminal_number_is_read() -> None:
    """The terminal learns its number from its PSAM."""
    assert psam.terminal_number(bytes.fromhex("330200000001")) == bytes.fromhex("330200000001")


def test_answers_and_the_sequence_file_survive() -> None:
    """What the module answers is read as it was said; EF18 of modules that have it is their sequence."""
    answer = psam.PurchaseAuthorization(7, b"MAC1")
    assert answer.encode() == b"\x00\x00\x00\x07MAC1"
    assert psam.InitSamForPurchase.parse(answer.encode()) == answer
    assert psam.PsamSequence.decode(b"\x00\x00\x00\x09") == psam.PsamSequence(9)


@pytest.mark.parametrize(("factors", "length"), [(1, 0x1C), (2, 0x24), (3, 0x2C)])
def test_each_number_of_factors_has_its_length(factors: int, length: int) -> None:
    """T-Union asks with one factor, City Union and toll with two."""
    asked = psam.InitSamForPurchase(bytes(4), 1, 2, 9, bytes(4), bytes(3), 1, 0, (bytes(8),) * factors)
    assert len(asked.command().data) == length
    assert psam.InitSamForPurchase.from_command(asked.command()) == asked
