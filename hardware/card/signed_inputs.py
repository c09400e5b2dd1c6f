"""What each MAC and TAC of a card covers, byte for byte (JR/T 0025): the same for every algorithm.

Amounts, balances and limits in fen; terminal numbers 6 bytes, dates 4 and times 3 BCD bytes. A length that is wrong here is a
programming error (`ValueError`), an amount that does not fit an `OverflowError`.
"""

from dataclasses import dataclass
from typing import Final

from hardware.card.fuel import TTI_DEBIT_UNLOCK, TTI_GREY_LOCK, TTI_ONLINE_UNLOCK
from hardware.card.overdraft import TTI_UPDATE_OVERDRAFT

_TERMINAL_BYTES, _DATE_BYTES, _TIME_BYTES, _MOMENT_BYTES, _RANDOM_BYTES = 6, 4, 3, 7, 4
_OVERDRAFT: Final = bytes((TTI_UPDATE_OVERDRAFT,))


def _exactly(name: str, value: bytes, length: int) -> bytes:
    if len(value) != length:
        message = f"{name} has {len(value)} bytes, must have {length}"
        raise ValueError(message)
    return value


@dataclass(frozen=True, slots=True)
class Terms:
    """What both sides of a transaction have agreed on.

    Args:
        amount_fen, tti: how much, which type.
        terminal, date, time: 6, 4 and 3 bytes.
    """

    amount_fen: int
    tti: int
    terminal: bytes
    date: bytes
    time: bytes

    def signed(self) -> bytes:
        """The 18 bytes amount ‖ type ‖ terminal ‖ date ‖ time."""
        return self.amount_fen.to_bytes(4) + bytes((self.tti,)) + self.where_and_when()

    def where_and_when(self) -> bytes:
        """The 13 bytes terminal ‖ date ‖ time."""
        return _exactly("terminal", self.terminal, _TERMINAL_BYTES) + self.when()

    def when(self) -> bytes:
        """The 7 bytes date ‖ time."""
        return _exactly("date", self.date, _DATE_BYTES) + _exactly("time", self.time, _TIME_BYTES)


def announcement(old_balance_fen: int, amount_fen: int, tti: int, terminal: bytes) -> bytes:
    """MAC1 of load (01, 02) and unload (03), made by the card: old balance ‖ amount ‖ type ‖ terminal."""
    terminal = _exactly("terminal", terminal, _TERMINAL_BYTES)
    return old_balance_fen.to_bytes(4) + amount_fen.to_bytes(4) + bytes((tti,)) + terminal


def order(terms: Terms) -> bytes:
    """MAC2 of load and unload, made by the host, and MAC1 of every purchase and of cash, made by the PSAM."""
    return terms.signed()


def settlement(new_balance_fen: int, online_seq: int, terms: Terms) -> bytes:
    """TAC of a load and MAC3 of an unload: new balance ‖ counter before it counted on ‖ terms."""
    return new_balance_fen.to_bytes(4) + online_seq.to_bytes(2) + terms.signed()


def debit_proof(amount_fen: int) -> bytes:
    """MAC2 of a purchase, made by the card for the PSAM: the amount."""
    return amount_fen.to_bytes(4)


def purchase_record(terms: Terms, terminal_seq: int) -> bytes:
    """TAC of purchases, cash and debit-unlock: amount ‖ type ‖ terminal ‖ terminal sequence ‖ date ‖ time."""
    terminal = _exactly("terminal", terms.terminal, _TERMINAL_BYTES)
    return terms.amount_fen.to_bytes(4) + bytes((terms.tti,)) + terminal + terminal_seq.to_bytes(4) + terms.when()


def overdraft_announcement(balance_fen: int, old_limit_fen: int, terminal: bytes) -> bytes:
    """MAC1 before a new overdraft limit: balance ‖ old limit 3 ‖ 07 ‖ terminal."""
    terminal = _exactly("terminal", terminal, _TERMINAL_BYTES)
    return balance_fen.to_bytes(4) + old_limit_fen.to_bytes(3) + _OVERDRAFT + terminal


def overdraft_order(new_limit_fen: int, terms: Terms) -> bytes:
    """MAC2 of a new overdraft limit: new limit 3 ‖ 07 ‖ terminal ‖ date ‖ time."""
    return new_limit_fen.to_bytes(3) + _OVERDRAFT + terms.where_and_when()


def overdraft_record(new_balance_fen: int, online_seq: int, new_limit_fen: int, terms: Terms) -> bytes:
    """TAC of a new overdraft limit: balance after it ‖ counter before it counted on ‖ new limit 3 ‖ 07 ‖ terminal ‖ date ‖ time."""
    return new_balance_fen.to_bytes(4) + online_seq.to_bytes(2) + overdraft_order(new_limit_fen, terms)


def unlock_announcement(balance_fen: int, offline_seq: int, terminal: bytes) -> bytes:
    """MAC1 before an on-line unlock of a grey card: balance ‖ off-line counter ‖ 95 ‖ terminal; session key as for a load."""
    terminal = _exactly("terminal", terminal, _TERMINAL_BYTES)
    return balance_fen.to_bytes(4) + offline_seq.to_bytes(2) + bytes((TTI_ONLINE_UNLOCK,)) + terminal


def unlock_order(amount_fen: int, terminal: bytes, moment: bytes) -> bytes:
    """MAC2 of an on-line unlock: amount ‖ 95 ‖ terminal ‖ date and time."""
    terminal = _exactly("terminal", terminal, _TERMINAL_BYTES)
    return amount_fen.to_bytes(4) + bytes((TTI_ONLINE_UNLOCK,)) + terminal + _exactly("moment", moment, _MOMENT_BYTES)


# What follows is not published. It is our own rule, so that an emulated pump, its security module and a card agree.


def grey_lock_order(balance_fen: int, terminal_random: bytes, terminal: bytes, moment: bytes) -> bytes:
    """MAC1 of a grey lock (our rule): balance ‖ 91 ‖ terminal random ‖ terminal ‖ date and time; session key as for a purchase."""
    random = _exactly("terminal random", terminal_random, _RANDOM_BYTES)
    where = _exactly("terminal", terminal, _TERMINAL_BYTES) + _exactly("moment", moment, _MOMENT_BYTES)
    return balance_fen.to_bytes(4) + bytes((TTI_GREY_LOCK,)) + random + where


def grey_lock_record(balance_fen: int, offline_seq: int, terminal: bytes, terminal_seq: int, moment: bytes) -> bytes:
    """GTAC (our rule): balance ‖ counter ‖ 91 ‖ terminal ‖ terminal sequence ‖ date and time, under the TAC key."""
    where = _exactly("terminal", terminal, _TERMINAL_BYTES) + terminal_seq.to_bytes(4)
    signed = balance_fen.to_bytes(4) + offline_seq.to_bytes(2) + bytes((TTI_GREY_LOCK,)) + where
    return signed + _exactly("moment", moment, _MOMENT_BYTES)


def grey_lock_proof(gtac: bytes, terminal_random: bytes) -> bytes:
    """MAC2 of a grey lock (our rule): GTAC ‖ terminal random."""
    return _exactly("GTAC", gtac, 4) + _exactly("terminal random", terminal_random, _RANDOM_BYTES)


def delivery_order(amount_fen: int, offline_seq: int) -> bytes:
    """GMAC of a debit-unlock (our rule): amount ‖ 93 ‖ counter, under the lock's session key."""
    return amount_fen.to_bytes(4) + bytes((TTI_DEBIT_UNLOCK,)) + offline_seq.to_bytes(2)
