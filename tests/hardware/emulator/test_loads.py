"""Unloading and overdraft limits on the emulated purse; loads are in test_purse."""

from dataclasses import replace

import pytest

from hardware.card import profile, signed_inputs
from hardware.card.algorithm import TripleDesAlgorithm
from hardware.card.channel import send
from hardware.card.files import TransactionLogRecord
from hardware.card.purse import LoadInitialization, read_record, select_application
from hardware.card.signed_inputs import Terms
from hardware.card.unload import TTI_UNLOAD, DebitForUnload, InitializeForUnload
from hardware.emulator import EmulatedCard, TearPhase
from hardware.errors import CardRemoved
from tests.hardware.emulator.make_cards import CHIP_SERIAL, DAY, KEYS, LOAD_TERMINAL, TIME, personalised_card
from tests.hardware.emulator.transactions import answer, balance, begin_load, card_in_field, pay, proof_of, sw, wake

DES = TripleDesAlgorithm()
DULK = KEYS.key("unload", chip_serial=CHIP_SERIAL)
DTK = KEYS.key("tac", chip_serial=CHIP_SERIAL)


def begin_unload(card: EmulatedCard, amount_fen: int) -> LoadInitialization:
    command = InitializeForUnload(profile.KEY_INDEX, amount_fen, LOAD_TERMINAL).command()
    return InitializeForUnload.parse(send(card, command))


def terms(amount_fen: int) -> Terms:
    return Terms(amount_fen, TTI_UNLOAD, LOAD_TERMINAL, DAY, TIME)


def debit_unload(began: LoadInitialization, amount_fen: int) -> DebitForUnload:
    key = DES.load_session_key(DULK, began.random, began.online_seq)
    return DebitForUnload(DAY, TIME, DES.mac(key, signed_inputs.order(terms(amount_fen))))


def expected_mac3(began: LoadInitialization, amount_fen: int) -> bytes:
    key = DES.load_session_key(DULK, began.random, began.online_seq)
    settled = signed_inputs.settlement(began.balance_fen - amount_fen, began.online_seq, terms(amount_fen))
    return DES.mac(key, settled)


def test_unload_takes_the_money_and_proves_it() -> None:
    """Money given back leaves the chip once, MAC3 says so to the host, and log and proof carry n + 1."""
    card = card_in_field(balance_fen=1_000)
    began = begin_unload(card, 700)
    key = DES.load_session_key(DULK, began.random, began.online_seq)
    announced = signed_inputs.announcement(1_000, 700, TTI_UNLOAD, LOAD_TERMINAL)
    assert (began.balance_fen, began.online_seq, began.mac1) == (1_000, 1, DES.mac(key, announced))

    mac3 = send(card, debit_unload(began, 700).command())
    assert mac3 == expected_mac3(began, 700)
    assert balance(card) == 300
    newest = TransactionLogRecord.decode(answer(card, read_record(profile.LOG_SFI, 1, 23)).data)
    assert newest == TransactionLogRecord(2, 0, 700, TTI_UNLOAD, LOAD_TERMINAL, DAY, TIME)
    proof = proof_of(card, TTI_UNLOAD, 2)
    assert proof is not None
    assert proof.mac == mac3
    assert proof.tac == DES.tac(DTK, signed_inputs.settlement(300, 1, terms(700)))
    assert begin_load(card, 0).online_seq == 2


@pytest.mark.parametrize(("phase", "taken"), [("before", False), ("inside", False), ("after", True)])
def test_torn_unload_is_told_by_the_card(phase: TearPhase, taken: bool) -> None:
    """Whenever power is lost, the next INITIALIZE and the proof say whether the money is off the chip."""
    card = card_in_field(balance_fen=1_000)
    began = begin_unload(card, 700)
    card.tear(0, phase)
    with pytest.raises(CardRemoved):
        answer(card, debit_unload(began, 700).command())
    wake(card)
    assert begin_unload(card, 0).online_seq == 1 + taken
    proof = proof_of(card, TTI_UNLOAD, 2)
    assert (balance(card), proof is not None) == ((300, True) if taken else (1_000, False))
    if proof is not None:
        assert proof.mac == expected_mac3(began, 700)


def test_unload_refuses_what_is_not_in_order() -> None:
    """More than there is, a forged order, an order without announcement, a purchase's debit: all refused, nothing moves."""
    card = card_in_field(balance_fen=1_000)
    assert sw(card, InitializeForUnload(1, 1_001, LOAD_TERMINAL).command()) == "9401"
    assert sw(card, InitializeForUnload(9, 1, LOAD_TERMINAL).command()) == "9403"
    assert sw(card, InitializeForUnload(1, 1, LOAD_TERMINAL, purse=1).command()) == "6985"
    began = begin_unload(card, 1_000)
    right = debit_unload(began, 1_000)
    assert sw(card, replace(right, mac2=bytes(4)).command()) == "9302"
    assert sw(card, right.command()) == "6985"
    begin_unload(card, 1)
    assert sw(card, "80540100 0F 00000001 20260101 083000 00000000 08") == "6985"
    assert sw(card, right.command()) == "6985"
    pay(card, 1)
    assert balance(card) == 999


def test_unload_wants_the_pin_where_a_load_does() -> None:
    """A found card cannot be emptied at a counter where the city asks for the PIN."""
    card = personalised_card(None, card_profile=profile.CardProfile(load_needs_pin=True))
    send(card, select_application(profile.PURSE_AID))
    command = InitializeForUnload(1, 0, LOAD_TERMINAL).command()
    assert sw(card, command) == "6982"
    assert sw(card, "00200000 03 123456") == "9000"
    assert sw(card, command) == "9000"
