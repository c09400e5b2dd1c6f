"""What a card's answers prove about a load: questions to the vault, asked while no transaction is open."""

from citizencard.cards.models import Card
from citizencard.keys.hsm import ALGORITHM_3DES, Hsm, LoadMac1Question, LoadMac2Question, TacQuestion
from citizencard.purse.loads.models import Load, LoadAttempt
from hardware.card.crypto import TTI_LOAD, load_tac_input
from hardware.card.profile import KEY_INDEX
from hardware.card.purse import LoadInitialization


def is_genuine(hsm: Hsm, card: Card, answer: LoadInitialization, amount_fen: int, terminal: bytes) -> bool:
    """Whether this very card answered INITIALIZE FOR LOAD: then its balance and its counter are what it says."""
    if (answer.key_version, answer.algorithm) != (card.key_version, ALGORITHM_3DES):
        return False
    return hsm.load_mac1_is_valid(
        LoadMac1Question(
            card_serial=card.serial,
            key_index=KEY_INDEX,
            key_version=answer.key_version,
            algorithm=answer.algorithm,
            random=answer.random,
            online_seq=answer.online_seq,
            old_balance_fen=answer.balance_fen,
            amount_fen=amount_fen,
            terminal=terminal,
            mac1=answer.mac1,
        )
    )


def mac2_of(hsm: Hsm, card: Card, load: Load, attempt: LoadAttempt) -> bytes:
    """The order to the card to credit itself; always the same for an attempt."""
    return hsm.load_mac2(
        LoadMac2Question(
            card_serial=card.serial,
            key_index=KEY_INDEX,
            key_version=attempt.key_version,
            algorithm=attempt.algorithm,
            random=attempt.random,
            online_seq=attempt.online_seq,
            amount_fen=load.amount_fen,
            terminal=attempt.terminal,
            date=attempt.date,
            time=attempt.time,
        )
    )


def proves_credit(hsm: Hsm, card: Card, load: Load, attempt: LoadAttempt, tac: bytes) -> bool:
    """Whether this TAC says that the card has credited itself by this attempt."""
    signed = load_tac_input(
        attempt.old_balance_fen + load.amount_fen,
        attempt.online_seq,
        load.amount_fen,
        TTI_LOAD,
        attempt.terminal,
        attempt.date,
        attempt.time,
    )
    question = TacQuestion(card.serial, attempt.key_version, attempt.algorithm, signed, tac)
    return hsm.tacs_are_valid([question]) == [True]
