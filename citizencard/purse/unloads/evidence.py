"""What a card's answers prove about an unload: questions to the vault, asked while no transaction is open."""

from citizencard.cards.models import Card
from citizencard.keys.hsm import (
    ALGORITHM_3DES,
    Hsm,
    UnloadMac1Question,
    UnloadMac2Question,
    UnloadMac3Question,
)
from citizencard.purse.unloads.models import UnloadAttempt
from hardware.card.profile import KEY_INDEX
from hardware.card.purse import LoadInitialization


def announces(hsm: Hsm, card: Card, answer: LoadInitialization, amount_fen: int, terminal: bytes) -> bool:
    """Whether this very card answered INITIALIZE FOR UNLOAD of this amount: then balance and counter are what it says."""
    if (answer.key_version, answer.algorithm) != (card.key_version, ALGORITHM_3DES):
        return False
    return hsm.unload_mac1_is_valid(
        UnloadMac1Question(
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


def mac2_of(hsm: Hsm, card: Card, attempt: UnloadAttempt) -> bytes:
    """The order to the card to give the money; always the same for an attempt."""
    return hsm.unload_mac2(_order(card, attempt))


def proves_debit(hsm: Hsm, card: Card, attempt: UnloadAttempt, mac3: bytes) -> bool:
    """Whether this MAC3 says that the card has debited itself by this attempt."""
    left_fen = attempt.old_balance_fen - attempt.amount_fen
    return hsm.unload_mac3_is_valid(
        UnloadMac3Question(order=_order(card, attempt), new_balance_fen=left_fen, mac3=mac3)
    )


def _order(card: Card, attempt: UnloadAttempt) -> UnloadMac2Question:
    return UnloadMac2Question(
        card_serial=card.serial,
        key_index=KEY_INDEX,
        key_version=attempt.key_version,
        algorithm=attempt.algorithm,
        random=attempt.random,
        online_seq=attempt.online_seq,
        amount_fen=attempt.amount_fen,
        terminal=attempt.terminal,
        date=attempt.date,
        time=attempt.time,
    )
