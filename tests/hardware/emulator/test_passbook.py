"""The electronic passbook: cash, purchases with the PIN, an overdraft limit; and a chip whose keys are SM4."""

from dataclasses import replace

import pytest

from hardware.card import crypto, pin, profile, protection, signed_inputs, sm4
from hardware.card.algorithm import Algorithm, Sm4Algorithm, TripleDesAlgorithm
from hardware.card.cash import TTI_CASH_WITHDRAW, InitializeForCashWithdraw
from hardware.card.channel import send
from hardware.card.dialect import OUR_CARD, Dialect, Sm4SessionKey, Sm4Tac
from hardware.card.overdraft import TTI_UPDATE_OVERDRAFT, InitializeForUpdate, UpdateOverdrawLimit
from hardware.card.purse import (
    PURSE_ED,
    DebitForPurchase,
    GetBalance,
    InitializeForLoad,
    InitializeForPurchase,
    PurchaseInitialization,
    external_authenticate,
    get_challenge,
    verify_pin,
)
from hardware.card.signed_inputs import Terms
from hardware.emulator import ChipOptions, EmulatedCard
from hardware.emulator.file_system import Purse
from tests.hardware.emulator.make_cards import CHIP_SERIAL, DAY, KEYS, LOAD_TERMINAL, PIN, TERMINAL, TIME
from tests.hardware.emulator.transactions import answer, card_in_field, psam_in_terminal, sam_command, sw

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


def sm4_card(options: ChipOptions = SM4_OPTIONS) -> EmulatedCard:
    """A card whose purse keys name algorithm 04."""
    made = card_in_field(options=None, balance_fen=1_000)
    content = made.image._content
    content.options = options
    keys = content.master_file.directories[profile.PURSE_ADF_FID].keys
    for name, key in keys.items():
        if not key.counts_errors and key.kind != 0x39:
            keys[name] = replace(key, algorithm=4)
    return made


@pytest.mark.parametrize("session", ["padded", "complement"])
@pytest.mark.parametrize("tac", ["full_key", "folded_des"])
def test_sm4_card_pays_by_its_dialect(session: str, tac: str) -> None:
    """Session key and TAC are made as the maker's option says, and the card names algorithm 04 to the terminal."""
    options = ChipOptions(
        sm4_session_key="padded" if session == "padded" else "complement",
        sm4_tac="full_key" if tac == "full_key" else "folded_des",
    )
    card = sm4_card(options)
    algorithm = Sm4Algorithm(replace(OUR_CARD, sm4_session_key=Sm4SessionKey(session), sm4_tac=Sm4Tac(tac)))
    began = InitializeForPurchase.parse(send(card, InitializeForPurchase(1, 100, TERMINAL).command()))
    assert began.algorithm == 4
    proof = DebitForPurchase.parse(send(card, debit(began, crypto.TTI_PURCHASE, 100, algorithm).command()))
    record = signed_inputs.purchase_record(Terms(100, crypto.TTI_PURCHASE, TERMINAL, DAY, TIME), 1)
    assert proof.tac == algorithm.tac(DTK, record)


def test_sm4_security_module_and_card_agree() -> None:
    """With SM4 roots in the module it derives the card's key and makes a MAC1 that the card takes."""
    psam, card = psam_in_terminal(), sm4_card()
    keys = psam.image.master_file.directories[profile.PSAM_ADF_FID].keys
    keys[0x3E, 1] = replace(keys[0x3E, 1], algorithm=4)
    began = InitializeForPurchase.parse(send(card, InitializeForPurchase(1, 100, TERMINAL, compound=True).command()))
    factors = (CHIP_SERIAL, bytes(range(8)))
    root = keys[0x3E, 1].value
    held = card.image.master_file.directories[profile.PURSE_ADF_FID].keys
    held[0x3E, 1] = replace(held[0x3E, 1], value=sm4.diversify_chain(root, tuple(reversed(factors))))
    began = InitializeForPurchase.parse(send(card, InitializeForPurchase(1, 100, TERMINAL, compound=True).command()))
    told = send(psam, sam_command(began, 100, factors=factors))
    paid = send(card, DebitForPurchase(int.from_bytes(told[:4]), DAY, TIME, told[4:]).command())
    assert sw(psam, f"80720000 04 {paid[4:].hex()}") == "9000"


def test_sm4_protects_updates_authentication_and_pin() -> None:
    """Line protection, both authentications, PIN reload and unblock of a chip with SM4 keys."""
    card, algorithm = sm4_card(), Sm4Algorithm(Dialect())
    damk, amk, iak, dpuk, drpk = (
        KEYS.key(role, chip_serial=CHIP_SERIAL)
        for role in ("application_maintenance", "application_control", "internal", "pin_unblock", "pin_reload")
    )
    header = bytes.fromhex("04D6970005")
    mac = algorithm.command_mac(damk, header, b"\x7f", send(card, get_challenge(4)))
    assert sw(card, header.hex() + "7f" + mac.hex()) == "9000"
    cryptogram = algorithm.authenticate(amk, send(card, get_challenge(8)))
    assert sw(card, external_authenticate(cryptogram)) == "9000"
    told = answer(card, "00880001 08 0123456789ABCDEF 10").data
    assert told == algorithm.authenticate(iak, bytes.fromhex("0123456789ABCDEF"))
    for _ in range(3):
        answer(card, verify_pin("000000"))
    body = algorithm.encrypt_for_card(dpuk, pin.pack_pin(PIN))
    header = bytes((0x84, 0x24, 0, 0, len(body) + 4))
    mac = algorithm.command_mac(dpuk, header, body, send(card, get_challenge(4)))
    assert sw(card, (header + body + mac).hex()) == "9000"
    assert sw(card, pin.reload_pin("654321", algorithm.tac(drpk, pin.pack_pin("654321")))) == "9000"
    assert sw(card, verify_pin("654321")) == "9000"
    made = protection.protect(bytes.fromhex("04D69700"), b"\x01", damk, send(card, get_challenge(4)))
    assert sw(card, made) == "6988"


def test_pin_unblock_in_the_other_form() -> None:
    """Some makers name the PIN in P1; the two forms are not confused."""
    card = card_in_field(options=ChipOptions(pin_unblock_form="kid_in_p1"))
    directory = card.image.master_file.directories[profile.PURSE_ADF_FID]
    directory.keys[0x3A, 2] = replace(directory.keys[0x3A, 0], identifier=2, algorithm=0x30)
    dpuk = KEYS.key("pin_unblock", chip_serial=CHIP_SERIAL)
    form = ChipOptions(pin_unblock_form="kid_in_p1").dialect.pin_unblock_form
    assert sw(card, verify_pin(PIN, 2)) == "6983"
    assert sw(card, pin.unblock_pin(PIN, dpuk, send(card, get_challenge(4)), 2)) == "6A86"
    assert sw(card, pin.unblock_pin(PIN, dpuk, send(card, get_challenge(4)), 2, form)) == "9000"
    assert sw(card, verify_pin(PIN, 2)) == "9000"
