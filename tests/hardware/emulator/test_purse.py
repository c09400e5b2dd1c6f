"""Loads, purchases and their proofs on the emulated purse."""

from dataclasses import replace

import pytest

from hardware.card import crypto, profile
from hardware.card.channel import send
from hardware.card.files import TransactionLogRecord
from hardware.card.purse import (
    CreditForLoad,
    InitializeForLoad,
    UpdateCompoundCache,
    get_challenge,
    read_record,
    select_application,
)
from hardware.emulator import ChipOptions, EmulatedCard
from hardware.emulator.file_system import KeyRecord, Purse
from tests.hardware.emulator.make_cards import DAY, KEYS, LOAD_TERMINAL, SERIAL, TERMINAL, TIME, personalised_card
from tests.hardware.emulator.transactions import (
    DTK,
    TRIP,
    answer,
    apdu,
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
    sw,
    wake,
)

LOAD, PURCHASE, COMPOUND = crypto.TTI_LOAD, crypto.TTI_PURCHASE, crypto.TTI_COMPOUND_PURCHASE


def purse_of(card: EmulatedCard) -> Purse:
    return card.image.master_file.directories[profile.PURSE_ADF_FID].purses[2]


def set_counters(card: EmulatedCard, value: int) -> None:
    purses = card.image.master_file.directories[profile.PURSE_ADF_FID].purses
    purses[2] = replace(purses[2], online_sequence=value, offline_sequence=value)


def log(card: EmulatedCard) -> list[TransactionLogRecord]:
    records = []
    for number in range(1, 11):
        response = answer(card, read_record(profile.LOG_SFI, number, 23))
        if response.ok:
            records.append(TransactionLogRecord.decode(response.data))
    return records


def test_published_load_vector_played_by_the_chip() -> None:
    """A card with the key of the published teaching vector answers its MAC1 and takes its MAC2."""
    card = card_in_field(random=lambda length: bytes.fromhex("11223344")[:length])
    directory = card.image.master_file.directories[profile.PURSE_ADF_FID]
    dlk = bytes.fromhex("11223344556677888877665544332211")
    directory.keys[0x3F, 0x0B] = KeyRecord(0x3F, 0x0B, 0xF0, 0x02, 0x02, 0x00, dlk)
    directory.purses[1] = Purse(log_sfi=0x18, use=0xF0)  # the vector loads the passbook (type 01)

    began = answer(card, "80500001 0B 0B 00001000 001122334455 10")
    credited = answer(card, "80520000 0B 20111221 214822 3A845BF0 04")

    assert began.data.hex().upper() == "00000000" + "0000" + "02" + "00" + "11223344" + "2988AE5A"
    assert credited.ok
    assert directory.purses[1].balance_fen == 0x1000


def test_own_regression_set_played_from_load_to_ride() -> None:
    """The figures of our own regression set come out of a whole card: load MAC1, TAC, purchase TAC and MAC2."""
    serial = bytes.fromhex("03103302000000000001")  # the set's factor, whose Luhn digit would be another
    randoms = iter([bytes.fromhex("01020304"), bytes.fromhex("05060708"), bytes.fromhex("05060708")])
    card = personalised_card(None, serial=serial)
    card._chip.random = lambda _length: next(randoms)
    send(card, select_application(profile.PURSE_AID))

    began = InitializeForLoad.parse(send(card, InitializeForLoad(1, 10_000, TERMINAL).command()))
    tac = send(card, CreditForLoad(DAY, TIME, bytes.fromhex("C1B6915B")).command())
    plain_begun = begin_purchase(card, 200, compound=False)
    plain = answer(card, "80540100 0F 00000001 20260101 083000 9965374D 08")
    set_counters(card, 0)
    begin_purchase(card, 200)
    compound = answer(card, "80540100 0F 00000001 20260101 083000 2836BD69 08")

    assert serial != SERIAL
    assert began.mac1.hex().upper() == "F0AB159A"
    assert tac.hex().upper() == "3FCCF8C3"
    assert plain_begun.random.hex() == "05060708"
    assert plain.data.hex().upper() == "DF5796F9" + "1D67F9B9"
    assert compound.data.hex().upper() == "BEED412A" + "1D67F9B9"


def test_load_counts_once_and_is_proven_with_the_next_number() -> None:
    """A load answers counter n, signs with n, and is found again in log and proof under n + 1."""
    card = card_in_field()
    began = begin_load(card, 10_000)
    tac = credit(card, began, 10_000)

    assert (began.online_seq, began.balance_fen) == (0, 0)
    assert tac == crypto.load_tac(DTK, 10_000, 0, 10_000, LOAD, LOAD_TERMINAL, DAY, TIME)
    assert log(card) == [TransactionLogRecord(1, 0, 10_000, LOAD, LOAD_TERMINAL, DAY, TIME)]
    proof = proof_of(card, LOAD, 1)
    assert proof is not None
    assert proof.tac == tac
    assert proof_of(card, LOAD, 0) is None
    assert begin_load(card, 0).online_seq == 1


def test_initialize_moves_nothing() -> None:
    """Announcing loads and purchases again and again changes neither counter nor balance."""
    card = card_in_field(balance_fen=500)
    assert [begin_load(card, 100).online_seq for _ in range(3)] == [1, 1, 1]
    assert [begin_purchase(card, 100).offline_seq for _ in range(3)] == [0, 0, 0]
    assert balance(card) == 500
    assert len(log(card)) == 1


@pytest.mark.parametrize("compound", [False, True])
def test_purchase_debits_and_signs(compound: bool) -> None:
    """A debit takes exactly the amount and answers a TAC for the host and a MAC2 for the PSAM."""
    card = card_in_field(balance_fen=1_000)
    tti = COMPOUND if compound else PURCHASE
    began = begin_purchase(card, 180, compound=compound)
    response = answer(card, debit_command(began, 180, compound=compound, terminal_seq=7))

    tac_input = crypto.purchase_tac_input(180, tti, TERMINAL, 7, DAY, TIME)
    assert response.data[:4] == crypto.tac(DTK, tac_input)
    proof = proof_of(card, tti, 1)
    assert proof is not None
    assert proof.mac + proof.tac == response.data[4:] + response.data[:4]
    assert balance(card) == 820
    assert log(card)[0] == TransactionLogRecord(1, 0, 180, tti, TERMINAL, DAY, TIME)


def test_loads_and_purchases_count_apart_and_share_the_log() -> None:
    """On-line and off-line counters are two; the log shows both kinds, newest first."""
    card = card_in_field(balance_fen=1_000)
    pay(card, 100, compound=False)
    pay(card, 200)
    credit(card, begin_load(card, 300), 300)
    assert [(record.type, record.sequence) for record in log(card)] == [(2, 2), (9, 2), (6, 1), (2, 1)]
    assert balance(card) == 1_000


def test_log_keeps_the_newest_ten() -> None:
    """The eleventh transaction pushes the first out of the log; there is no eleventh record."""
    card = card_in_field(balance_fen=1_000)
    for _ in range(11):
        pay(card, 1)
    assert [record.sequence for record in log(card)] == list(range(11, 1, -1))
    assert sw(card, read_record(profile.LOG_SFI, 11, 23)) == "6A83"


def test_key_index_is_checked_before_funds() -> None:
    """A terminal with a wrong key index hears 9403, also when the money would not do; then 9401."""
    card = card_in_field(balance_fen=100)
    assert sw(card, initialize_purchase(200, key_index=9)) == "9403"
    assert sw(card, initialize_purchase(200)) == "9401"
    assert sw(card, initialize_purchase(101, compound=False)) == "9401"
    assert sw(card, initialize_purchase(100)) == "9000"


def test_only_a_compound_purchase_may_cost_nothing() -> None:
    """A free ride is a compound purchase of 0 fen and counts; a plain purchase of 0 fen is refused."""
    card = card_in_field(balance_fen=100)
    assert sw(card, initialize_purchase(0, compound=False)) == "6A80"
    assert len(pay(card, 0).tac) == 4
    assert balance(card) == 100
    assert begin_purchase(card, 0).offline_seq == 1


def test_wrong_mac1_takes_nothing_and_ends_the_purchase() -> None:
    """A forged order to pay hears 9302, the balance stays, and the right order afterwards comes too late."""
    card = card_in_field(balance_fen=1_000)
    began = begin_purchase(card, 100)
    right = debit_command(began, 100)
    forged = apdu((right.to_bytes()[:-2] + bytes((right.to_bytes()[-2] ^ 1, 8))).hex())
    assert sw(card, forged) == "9302"
    assert sw(card, right) == "6985"
    assert (balance(card), len(log(card)), begin_purchase(card, 0).offline_seq) == (1_000, 1, 0)


def test_wrong_mac2_credits_nothing() -> None:
    """A forged order to credit hears 9302 and the probe afterwards still shows the old counter."""
    card = card_in_field()
    began = begin_load(card, 100)
    assert sw(card, CreditForLoad(DAY, TIME, bytes(4)).command()) == "9302"
    assert sw(card, credit_command(began, 100)) == "6985"
    assert begin_load(card, 0).online_seq == 0
    assert balance(card) == 0


def test_guessing_macs_locks_the_application() -> None:
    """Whoever tries MACs by the dozen gets a dead purse (9303), not a lucky hit; a right one in between starts the count anew."""
    card = card_in_field(balance_fen=100, options=ChipOptions(wrong_mac_limit=3))
    for expected in ("9302", "9302"):
        begin_purchase(card, 1)
        assert sw(card, "80540100 0F 00000001 20260101 083000 00000000 08") == expected
    pay(card, 1)
    for expected in ("9302", "9302", "9303"):
        begin_purchase(card, 1)
        assert sw(card, "80540100 0F 00000001 20260101 083000 00000000 08") == expected
    assert sw(card, initialize_purchase(1)) == "9303"
    card.reset()
    assert sw(card, select_application(profile.PURSE_AID)) == "6A81"


@pytest.mark.parametrize(
    "between",
    [
        "00B0950000",
        "805C000204",
        "00A40000021001",
        "805A0009020001 08",
        "00200000 03 123456",
        "00FF000000",
        "00A4040008A000000632010105",
    ],
)
def test_another_command_ends_the_purchase(between: str) -> None:
    """Between INITIALIZE and DEBIT nothing else may be said to the card; the debit then answers 6985."""
    card = card_in_field(balance_fen=1_000)
    debit = debit_command(begin_purchase(card, 100), 100)
    answer(card, between)
    assert sw(card, debit) == "6985"
    assert balance(card) == 1_000


def test_challenge_and_cache_do_not_end_the_purchase() -> None:
    """GET CHALLENGE and the compound records belong between INITIALIZE and DEBIT."""
    card = card_in_field(balance_fen=1_000)
    debit = debit_command(begin_purchase(card, 100), 100)
    send(card, get_challenge(4))
    send(card, UpdateCompoundCache(profile.TRIP_SFI, 0, TRIP).command())
    assert sw(card, debit) == "9000"
    assert sw(card, debit) == "6985"


def test_wrong_le_is_told_before_money_moves() -> None:
    """A debit with a wrong Le hears 6C08 and is not carried out; sent again with 8 it is, once."""
    card = card_in_field(balance_fen=1_000)
    raw = debit_command(begin_purchase(card, 100), 100).to_bytes()[:-1]
    assert sw(card, apdu((raw + b"\x04").hex())) == "6C08"
    assert sw(card, apdu((raw + b"\x08").hex())) == "9000"
    assert balance(card) == 900


def test_le_may_be_left_out() -> None:
    """Readers that send no Le are answered as well."""
    card = card_in_field(balance_fen=1_000)
    assert len(answer(card, "80500302 0B 01 00000064 330200000001").data) == 15
    assert answer(card, "805C0002").data == (1_000).to_bytes(4)


def test_trip_is_written_with_the_money_and_not_before() -> None:
    """A cached trip record appears with the debit, newest first; without a debit it never existed."""
    card = card_in_field(balance_fen=1_000)
    begin_purchase(card, 100)
    send(card, UpdateCompoundCache(profile.TRIP_SFI, 0, TRIP).command())
    assert sw(card, read_record(profile.TRIP_SFI, 1)) == "6A83"
    for first in (1, 2):
        began = begin_purchase(card, 100)
        send(card, UpdateCompoundCache(profile.TRIP_SFI, 0, bytes((first,)) + TRIP[1:]).command())
        assert sw(card, debit_command(began, 100)) == "9000"
    assert [answer(card, read_record(profile.TRIP_SFI, number)).data[0] for number in (1, 2)] == [2, 1]


def test_several_records_may_be_cached_and_the_last_word_counts() -> None:
    """A validator may write two new trips in one ride, or correct the newest one."""
    card = card_in_field(balance_fen=1_000)
    began = begin_purchase(card, 100)
    for number, first in ((0, 1), (0, 2), (1, 3)):
        send(card, UpdateCompoundCache(profile.TRIP_SFI, number, bytes((first,)) + TRIP[1:]).command())
    assert sw(card, debit_command(began, 100)) == "9000"
    assert [answer(card, read_record(profile.TRIP_SFI, number)).data[0] for number in (1, 2)] == [3, 1]


def test_cache_refuses_what_cannot_be_written() -> None:
    """Outside a compound purchase, of a wrong length, for no such file or record, into the log: refused; the purchase goes on."""
    card = card_in_field(balance_fen=1_000)
    trip = UpdateCompoundCache(profile.TRIP_SFI, 0, TRIP).command()
    assert sw(card, trip) == "6985"
    begin_purchase(card, 100, compound=False)
    assert sw(card, trip) == "6985"
    began = begin_purchase(card, 100)
    assert sw(card, UpdateCompoundCache(profile.TRIP_SFI, 0, TRIP[1:]).command()) == "6700"
    assert sw(card, UpdateCompoundCache(profile.TRIP_SFI, 2, TRIP).command()) == "6A83"
    assert sw(card, UpdateCompoundCache(0x0A, 0, TRIP).command()) == "6A82"
    assert sw(card, UpdateCompoundCache(profile.LOG_SFI, 0, bytes(23)).command()) == "6982"
    assert sw(card, UpdateCompoundCache(profile.PUBLIC_DATA_SFI, 0, bytes(30)).command()) == "6981"
    assert sw(card, "80DC00F3 01 00") == "6A86"
    assert sw(card, "80DC0000 01 00") == "6986"
    for _ in range(8):
        assert sw(card, trip) == "9000"
    assert sw(card, trip) == "6985"
    assert sw(card, debit_command(began, 100)) == "9000"


def test_counter_at_its_end_is_told() -> None:
    """A purse that has counted to FFFF takes no more loads or purchases (9402) and still shows its balance."""
    card = card_in_field(balance_fen=1_000)
    set_counters(card, 0xFFFE)
    pay(card, 1)
    credit(card, begin_load(card, 1), 1)
    assert sw(card, initialize_purchase(0)) == "9402"
    assert sw(card, InitializeForLoad(1, 1, TERMINAL).command()) == "9402"
    assert proof_of(card, COMPOUND, 0xFFFF) is not None
    assert balance(card) == 1_000


def test_load_over_the_maximum_is_refused() -> None:
    """A balance never wraps around: a load that would not fit is refused before anything is promised."""
    card = card_in_field(balance_fen=1_000)
    assert sw(card, InitializeForLoad(1, 0xFFFF_FFFF, TERMINAL).command()) == "6985"
    assert sw(card, InitializeForLoad(1, 0x7FFF_FFFF - 999, TERMINAL).command()) == "6985"
    assert sw(card, InitializeForLoad(1, 0x7FFF_FFFF - 1_000, TERMINAL).command()) == "9000"


def test_profile_may_want_the_pin_before_a_load() -> None:
    """Where the city asks for a PIN, a load needs it, and after the load it must be given again."""
    card = personalised_card(None, card_profile=profile.CardProfile(load_needs_pin=True))
    send(card, select_application(profile.PURSE_AID))
    initialize = InitializeForLoad(1, 100, LOAD_TERMINAL).command()
    assert sw(card, initialize) == "6982"
    assert sw(card, "00200000 03 123456") == "9000"
    credit(card, InitializeForLoad.parse(send(card, initialize)), 100)
    assert sw(card, initialize) == "6982"
    assert sw(card, initialize_purchase(100)) == "9000"


def test_proof_is_for_the_last_transaction_of_each_type() -> None:
    """After power-up a card proves the last load, purchase and compound purchase, and nothing else (9406)."""
    card = card_in_field(balance_fen=1_000)
    first = pay(card, 100)
    second = pay(card, 100)
    plain = pay(card, 50, compound=False)
    wake(card)
    proofs = [proof_of(card, tti, sequence) for tti, sequence in ((COMPOUND, 2), (PURCHASE, 3), (LOAD, 1))]
    assert [proof.tac for proof in proofs if proof][:2] == [second.tac, plain.tac]
    assert all(proofs)
    assert first.tac != b""
    for tti, sequence in ((COMPOUND, 1), (COMPOUND, 3), (PURCHASE, 2), (LOAD, 2), (0x55, 1)):
        assert sw(card, f"805A00{tti:02X}02{sequence:04X}08") == "9406"


def test_proof_order_is_an_option_of_the_maker() -> None:
    """Operating systems that answer the TAC first are played as well."""
    card = card_in_field(balance_fen=100, options=ChipOptions(proof_order="tac_first"))
    paid = pay(card, 100)
    assert answer(card, "805A0009020001 08").data == paid.tac + paid.mac2


def test_malformed_purse_commands_are_refused() -> None:
    """Wrong lengths and parameters are told apart."""
    card = card_in_field(balance_fen=100)
    assert sw(card, "80500202 0B 01 00000064 330200000001 0F") == "6A86"
    assert sw(card, "80500302 0A 01 00000064 3302000000 0F") == "6700"
    assert sw(card, "80500001 0B 01 00000064 330200000001 10") == "6985"  # this card has no passbook
    assert sw(card, "80520001 0B 20260101 080000 00000000 04") == "6A86"
    assert sw(card, "80540000 0F 00000001 20260101 083000 00000000 08") == "6A86"
    assert sw(card, "805A0109020001 08") == "6A86"
    assert sw(card, "805A000901 01 08") == "6700"
    assert sw(card, "805C070204") == "6A86"
    begin_purchase(card, 1)
    assert sw(card, "80540100 0E 00000001 20260101 083000 000000 08") == "6700"
    begin_load(card, 1)
    assert sw(card, "80540100 0F 00000001 20260101 083000 00000000 08") == "6985"


def test_balance_shows_overdraft_as_none() -> None:
    """T-Union readers ask for balance, limit and used part (P1 03, 01, 02): our purse has no overdraft."""
    card = card_in_field(balance_fen=100)
    shown = [int.from_bytes(answer(card, f"805C{p1:02X}0204").data) for p1 in (0, 3, 1, 2)]
    assert shown == [100, 100, 0, 0]


def test_purse_commands_need_the_purse_application() -> None:
    """In the master file there is no purse to speak to."""
    card = card_in_field(balance_fen=100)
    card.reset()
    assert sw(card, initialize_purchase(1)) == "6985"
    assert sw(card, "805C000204") == "6985"


def test_keys_in_the_chip_are_those_of_the_city() -> None:
    """What was written by 84 D4 is what the city derives (make_cards names the masters)."""
    card = card_in_field()
    held = card.image.master_file.directories[profile.PURSE_ADF_FID].keys
    assert held[0x3F, 1].value == KEYS.key("load", chip_serial=bytes(8))
    assert (held[0x3F, 1].version, held[0x3F, 1].algorithm) == (1, 0)
