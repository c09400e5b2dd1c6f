"""The slot of the security module: one debit at a time, and a check only while the module remembers it."""

import pytest

from hardware.card.psam import InitSamForPurchase
from hardware.errors import PsamRefused
from hardware.terminal.errors import PsamAbsent
from hardware.terminal.psam_slot import PsamIdentity, PsamSlot
from tests.hardware.emulator.make_cards import CITY_FACTOR, PSAM_SERIAL, SERIAL, TERMINAL
from tests.hardware.terminal.rides import fresh

PURCHASE = InitSamForPurchase(
    random=bytes(4),
    card_seq=0,
    amount_fen=180,
    tti=9,
    date=bytes.fromhex("20261121"),
    time=bytes.fromhex("083000"),
    key_version=1,
    algorithm=0,
    factors=(SERIAL[-8:], CITY_FACTOR),
)


def powered_slot() -> PsamSlot:
    slot = PsamSlot(fresh("psam"))
    slot.power_up(PsamIdentity(PSAM_SERIAL, TERMINAL))
    return slot


def test_each_debit_has_a_sequence_of_its_own() -> None:
    """A sequence is used up when it is given out, whatever becomes of the card."""
    slot = powered_slot()
    assert [slot.authorise(PURCHASE).terminal_seq for _ in range(3)] == [1, 2, 3]


def test_a_mac2_is_checked_once_and_for_the_debit_it_belongs_to() -> None:
    """A wrong MAC2 is wrong; for a debit before the last the module cannot say."""
    slot = powered_slot()
    slot.authorise(PURCHASE)
    last = slot.authorise(PURCHASE)
    assert slot.confirms(1, bytes(4)) is None
    assert slot.confirms(last.terminal_seq, bytes(4)) is False
    assert slot.confirms(last.terminal_seq, bytes(4)) is None


def test_trouble_with_the_module_is_told_apart_from_a_card_that_left() -> None:
    """The driver's display says that the terminal is broken, not that the passenger should try again."""
    psam = fresh("psam")
    slot = PsamSlot(psam)
    with pytest.raises(PsamRefused):
        slot.authorise(PURCHASE)
    psam.power_off()
    with pytest.raises(PsamAbsent):
        slot.power_up(PsamIdentity(PSAM_SERIAL, TERMINAL))
