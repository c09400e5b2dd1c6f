"""Proof by use: a chip counts as personalised only when its keys have answered questions that nobody else can answer.

A workstation that answers 9000 to every WRITE KEY gets this far and no further. A probe's MAC1 proves the load key, INTERNAL AUTHENTICATE
the internal key, a compound purchase of 0 fen the purchase key (the card accepts our MAC1 and answers MAC2) and the TAC key.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from citizencard.cards.models import Card
from citizencard.cards.numbering import ISSUING_TERMINAL
from citizencard.cards.reader_jobs import CARD_REFUSED, TORN, CardAnswer, Move
from citizencard.keys.hsm import ALGORITHM_3DES, Hsm, LoadMac1Question, ProofPurchase, TacQuestion
from hardware.card.crypto import TTI_COMPOUND_PURCHASE, purchase_tac_input
from hardware.card.files import bcd_date, bcd_time
from hardware.card.profile import INTERNAL_KID, KEY_INDEX, PURSE_AID
from hardware.card.purse import (
    DebitForPurchase,
    InitializeForLoad,
    InitializeForPurchase,
    LoadInitialization,
    internal_authenticate,
    select_application,
)
from hardware.errors import MalformedCardData

PROVING: Final = "proving"
DEBITING: Final = "debiting"
NOT_PROVED: Final = "not_proved"
PROBE_FEN: Final = 1
PROOF_SEQUENCE: Final = 1
ANSWERS: Final = 4


def begin_proof() -> Move:
    """Ask for everything that needs no key of ours; the values are fresh, so no recorded answer fits."""
    probe, challenge = secrets.token_bytes(6), secrets.token_bytes(8)
    return Move(
        {"phase": PROVING, "probe": probe.hex(), "challenge": challenge.hex()},
        (
            select_application(PURSE_AID),
            InitializeForLoad(KEY_INDEX, PROBE_FEN, probe).command(),
            internal_authenticate(challenge, INTERNAL_KID),
            InitializeForPurchase(KEY_INDEX, 0, ISSUING_TERMINAL, compound=True).command(),
        ),
    )


def go_on_proving(hsm: Hsm, card: Card, state: Mapping[str, Any], answer: CardAnswer, now: datetime) -> Move:
    """Check load key and internal key, and order the purchase of 0 fen.

    The answers are the last four of the step: the command of the last stage stood before them.
    """
    if answer.torn:
        return Move(outcome=TORN)
    if answer.refusal is not None:
        return Move(outcome=CARD_REFUSED, ticks=(f"refused with {answer.refusal.sw:04X}",))
    _, probed, answered, announced = (response.data for response in answer.responses[-ANSWERS:])
    try:
        load = InitializeForLoad.parse(probed)
        purchase = InitializeForPurchase.parse(announced)
    except MalformedCardData:
        return Move(outcome=NOT_PROVED)
    ours = (card.key_version, ALGORITHM_3DES)
    if (load.key_version, load.algorithm) != ours or (purchase.key_version, purchase.algorithm) != ours:
        return Move(outcome=NOT_PROVED)
    challenge = bytes.fromhex(state["challenge"])
    if not _load_key_proved(hsm, card, load, bytes.fromhex(state["probe"])) or not hsm.card_proof_is_valid(
        card.serial, card.key_version, challenge, answered
    ):
        return Move(outcome=NOT_PROVED)
    asked = {
        "phase": DEBITING,
        "random": purchase.random.hex(),
        "offline_seq": purchase.offline_seq,
        "date": bcd_date(now).hex(),
        "time": bcd_time(now).hex(),
    }
    question = _question(card, asked)
    mac1 = hsm.proof_purchase_mac1(question)
    debit = DebitForPurchase(PROOF_SEQUENCE, question.date, question.time, mac1).command()
    return Move(asked, (debit,), ticks=("load key and internal key proved",))


def _load_key_proved(hsm: Hsm, card: Card, load: LoadInitialization, probe: bytes) -> bool:
    """A new card is empty; anything else is not the card that we have just written."""
    return load.balance_fen == 0 and hsm.load_mac1_is_valid(
        LoadMac1Question(
            card_serial=card.serial,
            key_index=KEY_INDEX,
            key_version=load.key_version,
            algorithm=load.algorithm,
            random=load.random,
            online_seq=load.online_seq,
            old_balance_fen=load.balance_fen,
            amount_fen=PROBE_FEN,
            terminal=probe,
            mac1=load.mac1,
        )
    )


def _question(card: Card, asked: Mapping[str, Any]) -> ProofPurchase:
    return ProofPurchase(
        card_serial=card.serial,
        key_version=card.key_version,
        algorithm=ALGORITHM_3DES,
        random=bytes.fromhex(asked["random"]),
        offline_seq=int(asked["offline_seq"]),
        terminal=ISSUING_TERMINAL,
        terminal_seq=PROOF_SEQUENCE,
        date=bytes.fromhex(asked["date"]),
        time=bytes.fromhex(asked["time"]),
    )


def purchase_proved(hsm: Hsm, card: Card, state: Mapping[str, Any], answer: CardAnswer) -> bool:
    """Whether the answer to the purchase of 0 fen proves purchase key (MAC2) and TAC key (TAC)."""
    question = _question(card, state)
    try:
        tac, mac2 = DebitForPurchase.parse(answer.responses[-1].data)
    except MalformedCardData:
        return False
    signed = purchase_tac_input(
        0, TTI_COMPOUND_PURCHASE, ISSUING_TERMINAL, PROOF_SEQUENCE, question.date, question.time
    )
    asked = TacQuestion(card.serial, question.key_version, ALGORITHM_3DES, signed, tac)
    return hsm.purchase_mac2_is_valid(question, mac2) and hsm.tacs_are_valid([asked]) == [True]
