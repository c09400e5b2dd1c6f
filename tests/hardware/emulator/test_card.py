"""The chip behind its contacts: unknown commands, Le, T=0, reset and removal."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.card import profile
from hardware.card.apdu import CommandApdu
from hardware.card.atr import AnswerToReset
from hardware.card.channel import exchange, send
from hardware.card.purse import GetBalance, select_application, select_file
from hardware.emulator import ChipOptions, EmulatedCard, TearPhase
from hardware.errors import CardRemoved
from tests.hardware.emulator.make_cards import CHIP_SERIAL, PIN, personalised_card
from tests.hardware.emulator.transactions import (
    answer,
    apdu,
    balance,
    begin_purchase,
    card_in_field,
    debit_command,
    pay,
    psam_in_terminal,
    ride,
    sw,
    wake,
)


def test_unknown_class_and_instruction_are_told_apart() -> None:
    """A card asked in a foreign tongue says which part it does not know: 6E00 the class, 6D00 the instruction."""
    card = card_in_field()
    assert sw(card, "E0CA0000 1E") == "6E00"
    assert sw(card, "00FF0000") == "6D00"
    assert sw(card, "80A4040000") == "6E00"
    assert sw(card, "04B0950000") == "6E00"


@given(
    command=st.builds(
        CommandApdu,
        cla=st.sampled_from([0x00, 0x04, 0x80, 0x84, 0xE0]),
        ins=st.sampled_from([ins for ins in range(0x100) if ins not in {0x50, 0x52, 0x54}] + [0x50, 0x52, 0x54] * 40),
        p1=st.integers(0, 255),
        p2=st.integers(0, 255),
        data=st.binary(max_size=40),
        le=st.none() | st.integers(1, 256),
    )
)
@settings(max_examples=300, deadline=None)
def test_no_command_breaks_the_chip(command: CommandApdu) -> None:
    """Whatever a reader sends, the card answers with a status word and not with a failure of its own, and no fen moves."""
    card = card_in_field(balance_fen=100)
    before = card.image.master_file.directories.copy()
    first, second = answer(card, command), answer(card, command)
    assert first.sw >> 12 in {6, 9}
    assert second.sw >> 12 in {6, 9}
    assert len(first.data) <= 256
    assert before[profile.PURSE_ADF_FID].purses[2].balance_fen == 100


def test_wrong_le_is_answered_with_the_right_one() -> None:
    """6Cxx names the length; asked again with it the answer comes, and the exchange loop does so by itself."""
    card = card_in_field(balance_fen=100)
    assert sw(card, "805C000208") == "6C04"
    assert sw(card, "00B201C410") == "6C17"
    assert exchange(card, apdu("805C000208")).data == (100).to_bytes(4)
    assert len(answer(card, "00B201C417").data) == 23


def test_select_with_wrong_le_selects_nothing() -> None:
    """A refused length leaves the card where it was."""
    card = card_in_field(balance_fen=100)
    assert sw(card, "00A4000002 3F00 01") == "6C17"
    assert sw(card, GetBalance().command()) == "9000"


def test_contact_protocol_makes_answers_wait() -> None:
    """With T=0 an answer to a command with data waits for GET RESPONSE; the purchase goes on over it."""
    card = personalised_card(None, options=ChipOptions(transport="T=0"), balance_fen=1_000)
    assert sw(card, select_application(profile.PURSE_AID)) == "6133"
    assert sw(card, "00C0000010") == "6C33"
    fci = answer(card, "00C0000033").data
    assert fci[:2].hex() == "6f31"  # as long as the real T-Union FCI of tests/vectors/card_samples.py
    assert sw(card, "00C0000033") == "6985"
    assert len(pay(card, 100).tac) == 4
    assert balance(card) == 900


def test_a_waiting_answer_is_lost_by_another_command() -> None:
    """Only the very next command may fetch it."""
    card = personalised_card(None, options=ChipOptions(transport="T=0"))
    answer(card, select_application(profile.PURSE_AID))
    answer(card, "805C000204")
    assert sw(card, "00C0000033") == "6985"
    assert sw(card, "00C0010000") == "6A86"


def test_atr_ends_with_the_chip_serial() -> None:
    """The issuing desk finds the chip by the last eight historical bytes."""
    card = card_in_field()
    told = AnswerToReset.decode(card.reset())
    assert (told.chip_serial, told.protocols, told.has_check) == (CHIP_SERIAL, (1,), True)
    told = AnswerToReset.decode(card_in_field(options=ChipOptions(transport="T=0")).atr)
    assert (told.chip_serial, told.protocols, told.has_check) == (CHIP_SERIAL, (0,), False)


def test_reset_forgets_what_was_only_in_memory() -> None:
    """Selection, PIN, challenge, begun purchase: gone after a reset. Money stays."""
    card = card_in_field(balance_fen=1_000)
    assert sw(card, f"00200000 03 {PIN}") == "9000"
    debit = debit_command(begin_purchase(card, 100), 100)
    card.reset()
    assert sw(card, debit) == "6985"
    assert sw(card, "00B0960000") == "6A82"
    wake(card)
    assert sw(card, "00B0960000") == "6982"
    assert balance(card) == 1_000


def test_card_without_power_says_nothing() -> None:
    """After power off every command is lost until the reset; after removal the reset as well."""
    card = card_in_field()
    card.power_off()
    with pytest.raises(CardRemoved):
        answer(card, "805C000204")
    wake(card)
    assert balance(card) == 0
    card.remove()
    with pytest.raises(CardRemoved):
        answer(card, "805C000204")
    with pytest.raises(CardRemoved):
        card.reset()


@pytest.mark.parametrize(("phase", "paid"), [("before", False), ("inside", False), ("after", True)])
def test_power_cut_at_the_debit(phase: TearPhase, paid: bool) -> None:
    """A card torn out at the debit has either paid and counted and written the trip, or done none of it."""
    card = card_in_field(balance_fen=1_000)
    debit = debit_command(begin_purchase(card, 100), 100)
    answer(card, "80DC00F030" + "11" * 48)
    card.tear(after_apdus=0, phase=phase)
    with pytest.raises(CardRemoved):
        answer(card, debit)
    with pytest.raises(CardRemoved):
        answer(card, debit)
    wake(card)
    assert balance(card) == (900 if paid else 1_000)
    assert sw(card, "00B201F400") == ("9000" if paid else "6A83")
    assert sw(card, "805A0009020001 08") == ("9000" if paid else "9406")
    assert begin_purchase(card, 0).offline_seq == int(paid)


def test_power_cut_counts_the_commands_before_it() -> None:
    """`after_apdus` commands still work, and a reset forgets a cut that did not come."""
    card = card_in_field()
    card.tear(after_apdus=2, phase="before")
    assert [sw(card, "805C000204") for _ in range(2)] == ["9000", "9000"]
    with pytest.raises(CardRemoved):
        answer(card, "805C000204")
    wake(card)
    card.tear(after_apdus=0, phase="before")
    wake(card)
    assert balance(card) == 0
    with pytest.raises(ValueError, match="future"):
        card.tear(after_apdus=-1, phase="before")


@pytest.mark.parametrize("phase", ["inside", "after"])
def test_who_pulls_the_card_out_has_had_his_try(phase: TearPhase) -> None:
    """The try is counted before the PIN is compared: no pulling at the right moment gives a free guess."""
    card = card_in_field()
    card.tear(after_apdus=0, phase="before")
    with pytest.raises(CardRemoved):
        answer(card, "00200000 03 000000")
    wake(card)
    assert sw(card, "00200000 03 000000") == "63C2"
    card.tear(after_apdus=0, phase=phase)
    with pytest.raises(CardRemoved):
        answer(card, "00200000 03 000000")
    wake(card)
    assert sw(card, "00200000 03 000000") == "63C0"


def test_whole_ride_with_card_and_psam() -> None:
    """Card and PSAM agree on MAC1 and MAC2, and the PSAM counts on with every ride."""
    card, psam = card_in_field(balance_fen=1_000), psam_in_terminal()
    assert [ride(card, psam, 180).terminal_seq for _ in range(3)] == [1, 2, 3]
    assert balance(card) == 1_000 - 3 * 180


def test_repr_shows_no_key() -> None:
    """A card in a log line shows its chip serial and nothing secret."""
    card = card_in_field()
    text = repr(card) + repr(card.image) + repr(card._chip.ram.begun) + repr(card._chip.directory.keys)
    for key in card._chip.directory.keys.values():
        assert repr(key.value) not in text
        assert key.value.hex().upper() not in text.upper()


def test_card_is_given_back_at_the_end_of_a_block() -> None:
    """`with` takes the card out again."""
    with card_in_field() as card:
        assert send(card, select_file(profile.MASTER_FID))
    with pytest.raises(CardRemoved):
        EmulatedCard.reset(card)
