"""What a real card does, in ten points, each tried here in one place; the details are in the tests of each module.

1 refusals of form · 2 what ends a transaction · 3 refusals of matter and tries · 4 one commit · 5 proofs · 6 the log · 7 challenges and
MACs · 8 resets, removal, time · 9 limits of amounts · 10 the security module.
"""

from pathlib import Path

import pytest

from hardware.card import profile, protection
from hardware.card.apdu import CommandApdu
from hardware.card.atr import chip_serial_of
from hardware.card.channel import Transmission, exchange, send
from hardware.card.files import TransactionLogRecord, card_factor
from hardware.card.purse import (
    InitializeForLoad,
    PurchaseInitialization,
    UpdateCompoundCache,
    get_challenge,
    read_record,
    select_application,
    verify_pin,
)
from hardware.emulator import CardImage, ChipOptions, EmulatedCard, EmulatedReader, TearPhase
from hardware.emulator.file_system import Purse
from hardware.errors import CardRemoved
from tests.hardware.emulator.make_cards import CHIP_SERIAL, KEYS, LOAD_TERMINAL, PIN, SERIAL, personalised_card
from tests.hardware.emulator.test_loads import begin_unload, debit_unload
from tests.hardware.emulator.transactions import (
    TRIP,
    answer,
    balance,
    begin_load,
    begin_purchase,
    card_in_field,
    credit,
    credit_command,
    debit_command,
    initialize_purchase,
    pay,
    proof_of,
    psam_in_terminal,
    sam_command,
    sw,
    wake,
)

DAMK = KEYS.key("application_maintenance", chip_serial=CHIP_SERIAL)
PHASES: tuple[TearPhase, ...] = ("before", "inside", "after")
LOAD, UNLOAD, PURCHASE, COMPOUND = 0x02, 0x03, 0x06, 0x09
WRONG_DEBIT = "80540100 0F 00000001 20260101 083000 00000000 08"


def purse_of(card: EmulatedCard) -> Purse:
    return card.image.master_file.directories[profile.PURSE_ADF_FID].purses[2]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("E0500302 0B 01 00000064 330200000001 0F", "6E00"),
        ("80510302 0B 01 00000064 330200000001 0F", "6D00"),
        ("80500309 0B 01 00000064 330200000001 0F", "6A86"),
        ("80500302 0C 01 00000064 330200000001 00 0F", "6700"),
        ("80500302 0B 01 00000064 330200000001 0E", "6C0F"),
        ("805C000203", "6C04"),
    ],
)
def test_point_1_form_is_refused_before_matter(command: str, expected: str) -> None:
    """Class, instruction, parameters, Lc and Le are each told apart, and nothing has begun."""
    card = card_in_field(balance_fen=1_000)
    assert sw(card, command) == expected
    assert sw(card, WRONG_DEBIT) == "6985"


def test_point_1_two_protocols_give_one_answer() -> None:
    """T=0 answers 61xx and waits for GET RESPONSE, T=1 answers inline; the exchange of the language sees no difference."""
    command = select_application(profile.PURSE_AID)
    inline, waiting = card_in_field(), card_in_field(options=ChipOptions(transport="T=0"))
    assert (answer(inline, command).sw, answer(waiting, command).sw >> 8) == (0x9000, 0x61)
    told = exchange(waiting, command, Transmission.T0)
    assert told == exchange(inline, command)
    assert told.ok


def test_point_2_select_ends_security_and_transaction() -> None:
    """After SELECT the PIN counts no more, and the begun purchase is gone."""
    card = card_in_field(balance_fen=1_000)
    assert sw(card, verify_pin(PIN)) == "9000"
    debit = debit_command(begin_purchase(card, 100), 100)
    send(card, select_application(profile.PURSE_AID))
    assert sw(card, "00B0960037") == "6982"
    assert sw(card, debit) == "6985"


@pytest.mark.parametrize(("survives", "expected"), [(False, "6985"), (True, "9000")])
def test_point_2_other_commands_end_a_transaction_by_profile(survives: bool, expected: str) -> None:
    """A READ between INITIALIZE and DEBIT drops the purchase on our card; on some makers' it goes on, but never over SELECT."""
    card = card_in_field(balance_fen=1_000, options=ChipOptions(begun_survives_reads=survives))
    debit = debit_command(begin_purchase(card, 100), 100)
    answer(card, "00B095001E")
    assert sw(card, debit) == expected
    debit = debit_command(begin_purchase(card, 100), 100)
    answer(card, select_application(profile.PURSE_AID))
    assert sw(card, debit) == "6985"


def test_point_3_matter_is_refused_in_order() -> None:
    """Key index 9403 before funds 9401, the counter's end 9402, a wrong MAC 9302, too many of them 9303, and then 6A81 for good."""
    card = card_in_field(balance_fen=100, options=ChipOptions(wrong_mac_limit=2))
    assert sw(card, initialize_purchase(200, key_index=7)) == "9403"
    assert sw(card, initialize_purchase(200)) == "9401"
    begin_purchase(card, 1)
    assert sw(card, WRONG_DEBIT) == "9302"
    begin_purchase(card, 1)
    assert sw(card, WRONG_DEBIT) == "9303"
    wake_blocked = answer(card, select_application(profile.PURSE_AID))
    assert wake_blocked.sw == 0x6A81


def test_point_3_load_wants_the_pin_where_the_profile_says_so() -> None:
    """6982 without the PIN; and a completed load has used it up."""
    card = personalised_card(None, card_profile=profile.CardProfile(load_needs_pin=True))
    send(card, select_application(profile.PURSE_AID))
    command = InitializeForLoad(1, 1, LOAD_TERMINAL).command()
    assert sw(card, command) == "6982"
    send(card, verify_pin(PIN))
    credit(card, begin_load(card, 1), 1)
    assert sw(card, command) == "6982"


def test_point_3_pin_counts_down_and_blocks() -> None:
    """63C2, 63C1, 63C0, 6983, also for the right PIN then."""
    card = card_in_field()
    assert [sw(card, verify_pin("000000")) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    assert sw(card, verify_pin(PIN)) == "6983"


def test_point_3_blocked_application_refuses_and_answers() -> None:
    """Blocked for a time: SELECT warns 6283 with the FCI, purchases hear 6A81, the last proof is still told."""
    card = card_in_field(balance_fen=1_000)
    pay(card, 100)
    challenge = send(card, get_challenge(4))
    assert sw(card, protection.protect(bytes.fromhex("841E0000"), b"", DAMK, challenge)) == "9000"
    selected = answer(card, select_application(profile.PURSE_AID))
    assert (selected.sw, selected.data[:1]) == (0x6283, b"\x6f")
    assert sw(card, initialize_purchase(1)) == "6A81"
    assert proof_of(card, COMPOUND, 1) is not None


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("phase", PHASES)
def test_point_3_no_pull_gives_a_free_guess(phase: TearPhase, right: bool) -> None:
    """Every counter goes down before its check: a wrong PIN or MAC that is torn has cost its try, a right one costs none."""
    card = card_in_field(balance_fen=100)
    card.tear_at(0x20, phase)
    with pytest.raises(CardRemoved):
        answer(card, verify_pin(PIN if right else "000000"))
    wake(card)
    spent = phase != "before" and not right
    assert sw(card, verify_pin("000000")) == ("63C1" if spent else "63C2")

    debit = debit_command(begin_purchase(card, 0), 0)
    card.tear_at(0x54, phase)
    with pytest.raises(CardRemoved):
        answer(card, debit if right else WRONG_DEBIT)
    wake(card)
    assert purse_of(card).wrong_macs == spent

    made = protection.protect(
        bytes.fromhex("04D69700"), b"\x00", DAMK if right else bytes(16), send(card, get_challenge(4))
    )
    card.tear_at(0xD6, phase)
    with pytest.raises(CardRemoved):
        answer(card, made)
    wake(card)
    keys = card.image.master_file.directories[profile.PURSE_ADF_FID].keys
    assert keys[0x36, 0].tries_left == (2 if spent else 3)


def ride_command(card: EmulatedCard) -> CommandApdu:
    """The debit of a ride of 100 fen, its trip waiting in the card's memory."""
    began = begin_purchase(card, 100)
    answer(card, UpdateCompoundCache(profile.TRIP_SFI, 0, TRIP).command())
    return debit_command(began, 100)


@pytest.mark.parametrize("phase", PHASES)
def test_point_4_a_tear_leaves_all_or_nothing(phase: TearPhase) -> None:
    """Balance, counter, log, trip and proof of load, ride and unload: together before the tear's commit point, or together after it."""
    card = card_in_field(balance_fen=1_000)
    for tti, ins, make, change_fen in (
        (COMPOUND, 0x54, ride_command, -100),
        (LOAD, 0x52, lambda chip: credit_command(begin_load(chip, 50), 50), 50),
        (UNLOAD, 0x54, lambda chip: debit_unload(begin_unload(chip, 30), 30).command(), -30),
    ):
        before, log = purse_of(card), answer(card, read_record(profile.LOG_SFI, 1, 23)).data
        command = make(card)
        card.tear_at(ins, phase)
        with pytest.raises(CardRemoved):
            answer(card, command)
        wake(card)
        after, done = purse_of(card), phase == "after"
        assert after.balance_fen - before.balance_fen == (change_fen if done else 0)
        counted = after.online_sequence + after.offline_sequence - before.online_sequence - before.offline_sequence
        assert counted == done
        assert (after.proofs.get(tti) != before.proofs.get(tti)) == done
        assert (answer(card, read_record(profile.LOG_SFI, 1, 23)).data != log) == done
    assert sw(card, read_record(profile.TRIP_SFI, 1)) == ("9000" if phase == "after" else "6A83")


def test_point_4_leaving_the_field_is_no_status_word() -> None:
    """A card that leaves the field answers nothing, also not to the next command, until it is there again with power."""
    card = card_in_field(balance_fen=1_000)
    card.tear_at(0x5C, "after")
    assert sw(card, "00B095001E") == "9000"
    for _ in range(2):
        with pytest.raises(CardRemoved):
            answer(card, "805C000204")
    wake(card)
    assert balance(card) == 1_000


def test_point_5_the_last_of_each_type_is_proven_after_power_up() -> None:
    """Load, unload, purchase and ride: each type's last transaction, nothing older (9406)."""
    card = card_in_field(balance_fen=1_000)
    send(card, debit_unload(begin_unload(card, 1), 1).command())
    pay(card, 1, compound=False)
    pay(card, 1)
    pay(card, 1)
    wake(card)
    for tti, counter in ((LOAD, 1), (UNLOAD, 2), (PURCHASE, 1), (COMPOUND, 3)):
        assert proof_of(card, tti, counter) is not None
    for tti, counter in ((LOAD, 2), (UNLOAD, 1), (PURCHASE, 2), (COMPOUND, 2), (0x07, 1)):
        assert sw(card, f"805A00{tti:02X}02{counter:04X}08") == "9406"


def test_point_6_log_wraps_at_ten_newest_first() -> None:
    """Twelve transactions of three types: the newest ten in their order, an eleventh record there is not."""
    card = card_in_field()
    played = []
    for number in range(4):
        credit(card, begin_load(card, 10), 10)
        pay(card, 1, compound=False)
        pay(card, 1)
        played += [(LOAD, number + 1), (PURCHASE, 2 * number + 1), (COMPOUND, 2 * number + 2)]
    records = [
        TransactionLogRecord.decode(answer(card, read_record(profile.LOG_SFI, n, 23)).data) for n in range(1, 11)
    ]
    assert [(record.type, record.sequence) for record in records] == played[:-11:-1]
    assert sw(card, read_record(profile.LOG_SFI, 11, 23)) == "6A83"


def test_point_7_challenge_serves_once_and_macs_are_told_apart() -> None:
    """No MAC 6987, a wrong one 6988, none asked for or used up 6984."""
    card = card_in_field()
    header, data = bytes.fromhex("04D69700"), bytes(60)
    assert sw(card, "00D69700 01 00") == "6987"
    assert sw(card, protection.protect(header, data, DAMK, bytes(4))) == "6984"
    assert sw(card, protection.protect(header, data, bytes(16), send(card, get_challenge(4)))) == "6988"
    good = protection.protect(header, data, DAMK, send(card, get_challenge(4)))
    assert [sw(card, good), sw(card, good)] == ["9000", "6984"]


def test_point_8_cold_and_warm_reset() -> None:
    """Both forget what was volatile and give the same ATR; a warm one needs power. The last historical bytes are the serial."""
    card = card_in_field(balance_fen=1_000)
    for warm in (False, True):
        debit = debit_command(begin_purchase(card, 100), 100)
        assert chip_serial_of(card.reset(warm=warm)) == CHIP_SERIAL
        assert sw(card, debit) == "6985"
        wake(card)
    card.power_off()
    with pytest.raises(CardRemoved):
        card.reset(warm=True)
    assert card.reset() == card.atr


def test_point_8_a_reader_tells_who_comes_and_goes(tmp_path: Path) -> None:
    """Insertion, removal and the same card again are events, in their order; a dead channel stays dead."""
    file = tmp_path / "card.json"
    personalised_card(file, balance_fen=700).remove()
    told: list[str] = []
    reader = EmulatedReader(tmp_path, listener=told.append)
    first = reader.insert("card.json")
    reader.remove()
    reader.remove()
    second = reader.insert(file)
    assert told == ["inserted", "removed", "inserted"]
    with pytest.raises(CardRemoved):
        first.reset()
    wake(second)
    assert balance(second) == 700
    reader.remove()
    in_memory = EmulatedCard(second.image)
    assert reader.put_in(in_memory) is reader.card
    reader.remove()


def test_point_8_a_chip_may_take_its_time() -> None:
    """The delay is asked for every command that reaches the chip, and decides for itself how long it is."""
    seen: list[int] = []
    card = EmulatedCard(CardImage(card_in_field()._image._content), delay=lambda command: seen.append(command.ins))
    answer(card, select_application(profile.PURSE_AID))
    card.tear(0, "before")
    with pytest.raises(CardRemoved):
        answer(card, "805C000204")
    assert seen == [0xA4]


def test_point_9_amounts_have_their_limits() -> None:
    """No load over the maximum, no negative purse, nothing for nothing but a compound purchase, amounts up to four bytes."""
    card = card_in_field(balance_fen=100)
    assert sw(card, InitializeForLoad(1, 0xFFFF_FFFF, LOAD_TERMINAL).command()) == "6985"
    assert sw(card, InitializeForLoad(1, 0x7FFF_FFFF - 100, LOAD_TERMINAL).command()) == "9000"
    assert sw(card, initialize_purchase(0xFFFF_FFFF)) == "9401"
    assert sw(card, initialize_purchase(0, compound=False)) == "6A80"
    assert sw(card, initialize_purchase(0)) == "9000"


def test_point_10_security_module_counts_and_refuses() -> None:
    """The terminal sequence only rises; a wrong MAC2 is counted, a right one ends the count; factors 6700, key version 9403."""
    psam, card = psam_in_terminal(), card_in_field(balance_fen=1_000)
    adf = psam.image.master_file.directories[profile.PSAM_ADF_FID]
    began = begin_purchase(card, 1)
    for expected in (1, 2):
        assert int.from_bytes(send(psam, sam_command(began, 1))[:4]) == expected
        assert sw(psam, "80720000 04 00000000") == "9302"
        assert adf.wrong_macs == expected
    told = send(psam, sam_command(began, 1))
    mac2 = send(card, CommandApdu(0x80, 0x54, 1, 0, told[:4] + bytes.fromhex("20260101080000") + told[4:], 8))[4:]
    assert sw(psam, f"80720000 04 {mac2.hex()}") == "9000"
    assert adf.wrong_macs == 0
    assert sw(psam, sam_command(began, 1, factors=(card_factor(SERIAL),))) == "6700"
    assert sw(psam, sam_command(PurchaseInitialization(0, 0, 0, 9, 0, bytes(4)), 1)) == "9403"
    assert psam.image.master_file.terminal_sequence == 3
