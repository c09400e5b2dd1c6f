"""The terminal's security module: sequence, factors, MAC1 and MAC2."""

import pytest

from hardware.card import crypto, profile
from hardware.card.channel import send
from hardware.card.files import card_factor
from hardware.card.psam import (
    CreditSamForPurchase,
    InitSamForPurchase,
    PsamApplicationData,
    PsamPublicData,
    terminal_number,
)
from hardware.card.purse import PurchaseInitialization, select_application, select_file
from hardware.emulator import ChipOptions, EmulatedCard, TearPhase
from hardware.errors import CardRemoved
from tests.hardware.emulator.make_cards import CITY_FACTOR, DAY, ISSUER, PSAM_SERIAL, SERIAL, TERMINAL, TIME
from tests.hardware.emulator.transactions import DPK, answer, psam_in_terminal, sam_command, sw

BEGUN = PurchaseInitialization(1_000, 5, 0, 1, 0, bytes.fromhex("05060708"))


@pytest.fixture
def psam() -> EmulatedCard:
    """A PSAM of the demo city."""
    return psam_in_terminal()


def sequence_of(psam: EmulatedCard) -> int:
    return InitSamForPurchase.parse(send(psam, sam_command(BEGUN, 100))).terminal_seq


def mac2(sequence: int) -> bytes:
    return crypto.purchase_mac2(crypto.purchase_session_key(DPK, BEGUN.random, BEGUN.offline_seq, sequence), 100)


def test_mac1_is_the_one_the_card_expects(psam: EmulatedCard) -> None:
    """From the root key and the two factors comes the card's own key, and MAC1 with the terminal number of this PSAM."""
    told = InitSamForPurchase.parse(send(psam, sam_command(BEGUN, 100)))
    session_key = crypto.purchase_session_key(DPK, BEGUN.random, BEGUN.offline_seq, told.terminal_seq)
    assert told.mac1 == crypto.purchase_mac1(session_key, 100, 9, TERMINAL, DAY, TIME)
    assert told.terminal_seq == 1


def test_own_regression_set_of_mac1(psam: EmulatedCard) -> None:
    """The purchase of our own regression set made by a PSAM: ¥2, sequence 1, MAC1 2836BD69 and 9965374D."""
    factor = bytes.fromhex("3302000000000001")
    data = "05060708 0000 000000C8 09 20260101 083000 01 00" + factor.hex() + CITY_FACTOR.hex()
    assert answer(psam, f"80700000 24 {data} 08").data.hex().upper() == "00000001" + "2836BD69"
    psam.image.master_file.terminal_sequence = 0
    assert answer(psam, f"80700000 24 {data.replace(' 09 ', ' 06 ')} 08").data.hex().upper() == "00000001" + "9965374D"
    assert sw(psam, "80720000 04 1D67F9B9") == "9000"


def test_sequence_only_rises(psam: EmulatedCard) -> None:
    """Every 8070 takes a new number, whether the card paid or not, over resets too."""
    assert [sequence_of(psam) for _ in range(3)] == [1, 2, 3]
    psam.reset()
    send(psam, select_application(profile.PSAM_AID))
    assert sequence_of(psam) == 4


@pytest.mark.parametrize(("phase", "following"), [("before", 1), ("inside", 1), ("after", 2)])
def test_torn_8070_never_gives_a_number_twice(psam: EmulatedCard, phase: TearPhase, following: int) -> None:
    """A number whose answer was lost is skipped: it may have been used."""
    psam.tear(after_apdus=0, phase=phase)
    with pytest.raises(CardRemoved):
        sequence_of(psam)
    psam.reset()
    send(psam, select_application(profile.PSAM_AID))
    assert sequence_of(psam) == following


def test_some_makers_count_at_8072() -> None:
    """Where the number counts only with a good MAC2, an abandoned 8070 gives it again."""
    psam = psam_in_terminal(ChipOptions(sequence_counts_at="8072"))
    assert [sequence_of(psam), sequence_of(psam)] == [1, 1]
    assert sw(psam, CreditSamForPurchase(mac2(1)).command()) == "9000"
    assert sequence_of(psam) == 2


def test_mac2_is_checked_once(psam: EmulatedCard) -> None:
    """8072 answers only after 8070, 9302 for a wrong MAC2, and gives one answer per purchase."""
    assert sw(psam, CreditSamForPurchase(bytes(4)).command()) == "6985"
    sequence = sequence_of(psam)
    assert sw(psam, CreditSamForPurchase(bytes(4)).command()) == "9302"
    assert sw(psam, CreditSamForPurchase(mac2(sequence)).command()) == "6985"
    assert sw(psam, CreditSamForPurchase(mac2(sequence_of(psam))).command()) == "9000"
    assert sw(psam, "80720000 03 000000") == "6700"
    assert sw(psam, "80720100 04 00000000") == "6A86"


def test_selecting_ends_a_begun_purchase(psam: EmulatedCard) -> None:
    """SELECT and reset forget the session key."""
    sequence = sequence_of(psam)
    send(psam, select_application(profile.PSAM_AID))
    assert sw(psam, CreditSamForPurchase(mac2(sequence)).command()) == "6985"


def test_factors_must_be_as_many_as_the_key_has_levels(psam: EmulatedCard) -> None:
    """Our root key lies two levels above the card: one or three factors are refused with 6700."""
    factor = card_factor(SERIAL)
    for factors in ((factor,), (factor, CITY_FACTOR, CITY_FACTOR)):
        assert sw(psam, sam_command(BEGUN, 100, factors=factors)) == "6700"
    assert sw(psam, "80700000 04 00000000 08") == "6700"
    assert sequence_of(psam) == 1


def test_single_factor_psams_are_played_too() -> None:
    """T-Union PSAMs take the card's factor only."""
    psam = psam_in_terminal(ChipOptions(purchase_factors=1))
    assert sw(psam, sam_command(BEGUN, 100, factors=(card_factor(SERIAL),))) == "9000"


def test_wrong_key_version_type_and_state_are_refused(psam: EmulatedCard) -> None:
    """Unknown key version or algorithm 9403, a type that is no purchase 6A80, no application or terminal number 6985."""
    assert sw(psam, sam_command(PurchaseInitialization(0, 0, 0, 2, 0, bytes(4)), 100)) == "9403"
    assert sw(psam, sam_command(PurchaseInitialization(0, 0, 0, 1, 4, bytes(4)), 100)) == "9403"
    assert sw(psam, sam_command(BEGUN, 100, tti=crypto.TTI_LOAD)) == "6A80"
    psam.image.master_file.terminal_sequence = 0xFFFF_FFFF
    assert sw(psam, sam_command(BEGUN, 100)) == "9402"
    send(psam, select_file(profile.MASTER_FID))
    assert sw(psam, sam_command(BEGUN, 100)) == "9403"
    send(psam, select_application(profile.PSAM_AID))
    del psam.image.master_file.files[profile.PSAM_TERMINAL_FID]
    assert sw(psam, sam_command(BEGUN, 100)) == "6985"


def test_terminal_reads_who_it_is(psam: EmulatedCard) -> None:
    """Serial and terminal number in the master file, issuer and key index in the application."""
    application = PsamApplicationData.decode(answer(psam, "00B0970019").data)
    assert (application.issuer, application.key_index) == (ISSUER, 1)
    send(psam, select_file(profile.MASTER_FID))
    assert PsamPublicData.decode(answer(psam, "00B095000E").data).serial == PSAM_SERIAL
    assert terminal_number(answer(psam, "00B0960006").data) == TERMINAL


def test_terminal_sequence_survives_erasure(psam: EmulatedCard) -> None:
    """A PSAM that is made anew does not start to count again: no number of a terminal comes twice."""
    sequence_of(psam)
    psam._chip.enter([psam.image.master_file])
    psam._chip.ram.master_state = 0x0A
    assert sw(psam, "800E0000") == "9000"
    assert psam.image.master_file.terminal_sequence == 1
