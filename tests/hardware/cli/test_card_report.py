"""The report on a card: whatever state the chip is in, it says what it finds."""

from hardware.card import protection
from hardware.card.channel import send
from hardware.card.profile import PURSE_AID
from hardware.card.purse import get_challenge, select_application
from hardware.cli.card_report import report_on
from hardware.emulator.blanks import blank_card
from hardware.emulator.card import EmulatedCard
from tests.hardware.emulator.make_cards import CHIP_SERIAL, KEYS
from tests.hardware.terminal.rides import adult_card


def test_a_blank_chip_has_no_applications() -> None:
    """Before personalisation there is only a chip serial."""
    report = report_on(EmulatedCard(blank_card(CHIP_SERIAL, bytes(16))))
    assert report["chip_serial"] == CHIP_SERIAL.hex().upper()
    assert set(report["applications"].values()) == {"absent"}
    assert (report["purse"], report["social_security"], report["psam"]) == (None, None, None)


def test_a_blocked_purse_still_shows_its_balance() -> None:
    """The clerk who takes a blocked card back sees what is owed to its holder."""
    card = adult_card()
    send(card, select_application(PURSE_AID))
    challenge = send(card, get_challenge(4))
    key = KEYS.key("application_maintenance", chip_serial=CHIP_SERIAL)
    send(card, protection.protect(bytes.fromhex("841E0000"), b"", key, challenge))
    card.reset()
    report = report_on(card)
    assert report["applications"]["purse"] == "blocked"
    assert report["purse"]["balance_fen"] == 10_000
