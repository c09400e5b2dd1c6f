"""What a completed transaction leaves, by the dialect of the chip; and chips with SM4: every MAC and TAC by the algorithm of its key."""

from dataclasses import replace

import pytest

from hardware.card import crypto, pin, profile, protection, signed_inputs, sm4
from hardware.card.algorithm import Algorithm, Sm4Algorithm
from hardware.card.channel import send
from hardware.card.dialect import OUR_CARD, Dialect, Sm4SessionKey, Sm4Tac
from hardware.card.files import TransactionLogRecord
from hardware.card.purse import (
    DebitForPurchase,
    InitializeForPurchase,
    PurchaseInitialization,
    external_authenticate,
    get_challenge,
    verify_pin,
)
from hardware.card.signed_inputs import Terms
from hardware.emulator import ChipOptions, EmulatedCard
from tests.hardware.emulator.make_cards import CHIP_SERIAL, DAY, KEYS, PIN, TERMINAL, TIME
from tests.hardware.emulator.transactions import answer, card_in_field, pay, proof_of, psam_in_terminal, sam_command, sw

DPK = KEYS.key("purchase", chip_serial=CHIP_SERIAL)
DTK = KEYS.key("tac", chip_serial=CHIP_SERIAL)
SM4_OPTIONS = ChipOptions(protection="sm4")


def debit(began: PurchaseInitialization, tti: int, amount_fen: int, algorithm: Algorithm) -> DebitForPurchase:
    key = algorithm.purchase_session_key(DPK, began.random, began.offline_seq, 1)
    mac1 = algorithm.mac(key, signed_inputs.order(Terms(amount_fen, tti, TERMINAL, DAY, TIME)))
    return DebitForPurchase(1, DAY, TIME, mac1)


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


def test_counter_of_log_and_proof_is_an_option_of_the_maker() -> None:
    """Where the chip logs the number that INITIALIZE told, log and proof carry n and not n + 1."""
    for options, first in ((ChipOptions(), 1), (ChipOptions(log_counter="before"), 0)):
        card = card_in_field(balance_fen=100, options=options)
        paid = pay(card, 100)
        assert [TransactionLogRecord.decode(answer(card, f"00B20{record}C417").data).sequence for record in (1, 2)] == [
            first
        ] * 2
        found = proof_of(card, crypto.TTI_COMPOUND_PURCHASE, first)
        assert found is not None
        assert found.tac == paid.tac
        assert proof_of(card, crypto.TTI_COMPOUND_PURCHASE, 1 - first) is None


@pytest.mark.parametrize(("forgets", "expected"), [(True, "6982"), (False, "9000")])
def test_whether_a_completed_purchase_forgets_the_pin_is_an_option_of_the_maker(forgets: bool, expected: str) -> None:
    """On our card the PIN is spent with the transaction; on others the holder's file stays readable."""
    card = card_in_field(balance_fen=100, options=ChipOptions(terminates_pin_after_purse=forgets))
    assert sw(card, "00200000 03 123456") == "9000"
    pay(card, 100)
    assert sw(card, "00B0960037") == expected


@pytest.mark.parametrize("length", [8, 16])
def test_length_of_an_sm4_challenge_is_an_option_of_the_maker(length: int) -> None:
    """EXTERNAL AUTHENTICATE takes a cryptogram of a challenge of the card's own length, and of the other none (6984)."""
    card = sm4_card(ChipOptions(protection="sm4", sm4_authentication_bytes=length))
    amk, algorithm = KEYS.key("application_control", chip_serial=CHIP_SERIAL), Sm4Algorithm(Dialect())
    for challenge_bytes, expected in ((8 + 16 - length, "6984"), (length, "9000")):
        challenge = answer(card, f"00840000{challenge_bytes:02X}").data
        assert len(challenge) == challenge_bytes
        assert sw(card, external_authenticate(algorithm.authenticate(amk, challenge))) == expected
