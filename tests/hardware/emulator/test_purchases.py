"""The electronic passbook: cash, purchases with the PIN, an overdraft limit; purchases from the purse are in test_purse."""

import pytest

from hardware.card import profile, signed_inputs
from hardware.card.algorithm import Algorithm, TripleDesAlgorithm
from hardware.card.cash import TTI_CASH_WITHDRAW, InitializeForCashWithdraw
from hardware.card.channel import send
from hardware.card.overdraft import TTI_UPDATE_OVERDRAFT, InitializeForUpdate, UpdateOverdrawLimit
from hardware.card.purse import (
    PURSE_ED,
    DebitForPurchase,
    GetBalance,
    InitializeForLoad,
    InitializeForPurchase,
    PurchaseInitialization,
    verify_pin,
)
from hardware.card.signed_inputs import Terms
from hardware.emulator import ChipOptions, EmulatedCard
from hardware.emulator.file_system import Purse
from tests.hardware.emulator.make_cards import CHIP_SERIAL, DAY, KEYS, LOAD_TERMINAL, PIN, TERMINAL, TIME
from tests.hardware.emulator.transactions import answer, card_in_field, sw

DES = TripleDesAlgorithm()
DPK, DUK, DTK, DLK = (KEYS.key(role, chip_serial=CHIP_SERIAL) for role in ("purchase", "overdraft", "tac", "load"))
SM4_OPTIONS = ChipOptions(protection="sm4")


@pytest.fixture
def card() -> EmulatedCard:
    """A card with a passbook of 1,000 fen that wants the PIN, beside its purse."""
    made = card_in_field()
    purses = made.image.master_file.directories[profile.PURSE_ADF_FID].purses
    purses[PURSE_ED] = Purse(log_sfi=profile.LOG_SFI, use=profile.VERIFIED, balance_fen=1_000)
    return made


def debit(began: PurchaseInitialization, tti: int, amount_fen: int, algorithm: Algorithm = DES) -> DebitForPurchase:
    key = algorithm.purchase_session_key(DPK, began.random, began.offline_seq, 1)
    mac1 = algorithm.mac(key, signed_inputs.order(Terms(amount_fen, tti, TERMINAL, DAY, TIME)))
    return DebitForPurchase(1, DAY, TIME, mac1)


def set_limit(card: EmulatedCard, limit_fen: int) -> str:
    send(card, verify_pin(PIN))
    began = InitializeForUpdate.parse(send(card, InitializeForUpdate(1, LOAD_TERMINAL).command()))
    key = DES.load_session_key(DUK, began.random, began.online_seq)
    announced = signed_inputs.overdraft_announcement(began.balance_fen, began.old_limit_fen, LOAD_TERMINAL)
    assert began.mac1 == DES.mac(key, announced)
    terms = Terms(0, TTI_UPDATE_OVERDRAFT, LOAD_TERMINAL, DAY, TIME)
    mac2 = DES.mac(key, signed_inputs.overdraft_order(limit_fen, terms))
    response = answer(card, UpdateOverdrawLimit(limit_fen, DAY, TIME, mac2).command())
    if response.ok:
        balance_fen = began.balance_fen - began.old_limit_fen + limit_fen
        signed = signed_inputs.overdraft_record(balance_fen, began.online_seq, limit_fen, terms)
        assert response.data == DES.tac(DTK, signed)
    return f"{response.sw:04X}"


def test_cash_is_debited_with_the_pin_only(card: EmulatedCard) -> None:
    """A withdrawal wants the PIN, takes the amount once and signs with type 04."""
    command = InitializeForCashWithdraw(1, 300, TERMINAL).command()
    assert sw(card, command) == "6982"
    send(card, verify_pin(PIN))
    began = InitializeForCashWithdraw.parse(send(card, command))
    proof = DebitForPurchase.parse(send(card, debit(began, TTI_CASH_WITHDRAW, 300).command()))
    record = signed_inputs.purchase_record(Terms(300, TTI_CASH_WITHDRAW, TERMINAL, DAY, TIME), 1)
    assert proof.tac == DES.tac(DTK, record)
    assert sw(card, command) == "6982"
    assert GetBalance.parse(send(card, GetBalance(PURSE_ED).command())) == 700
    assert GetBalance.parse(send(card, GetBalance().command())) == 0


def test_passbook_and_purse_are_two(card: EmulatedCard) -> None:
    """A purchase from the passbook has type 05 and does not touch the purse; a compound one there is not."""
    send(card, verify_pin(PIN))
    began = InitializeForPurchase.parse(send(card, InitializeForPurchase(1, 100, TERMINAL, purse=PURSE_ED).command()))
    assert sw(card, debit(began, 5, 100).command()) == "9000"
    assert sw(card, "805A0005 02 0001 08") == "9000"
    assert sw(card, "80500301 0B 01 00000064 330200000001 0F") == "6A86"
    send(card, verify_pin(PIN))
    assert sw(card, InitializeForLoad(1, 100, LOAD_TERMINAL, purse=PURSE_ED).command()) == "9000"


def test_overdraft_limit_moves_the_balance_that_holds_it(card: EmulatedCard) -> None:
    """A limit of 500 lets 1,500 be spent; readers of each kind see what is his own, what is used, and the limit."""
    assert set_limit(card, 500) == "9000"
    send(card, verify_pin(PIN))
    began = InitializeForPurchase.parse(send(card, InitializeForPurchase(1, 1_200, TERMINAL, purse=PURSE_ED).command()))
    assert (began.balance_fen, began.overdraft_fen) == (1_500, 500)
    assert sw(card, debit(began, 5, 1_200).command()) == "9000"
    shown = [GetBalance.parse(send(card, GetBalance(PURSE_ED, p1).command())) for p1 in range(4)]
    assert shown == [300, 500, 200, 0]
    assert set_limit(card, 100) == "6985"
    assert set_limit(card, 200) == "9000"
    send(card, verify_pin(PIN))
    assert sw(card, "80500501 0B 01 00000001 330200000001 10") == "9401"
    send(card, verify_pin(PIN))
    assert sw(card, InitializeForUpdate(1, LOAD_TERMINAL).command()) == "9000"
    assert sw(card, UpdateOverdrawLimit(1, DAY, TIME, bytes(4)).command()) == "9302"
