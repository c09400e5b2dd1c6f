"""The report on a card: whatever state the chip is in, it says what it finds."""

from hardware.card import protection
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import send
from hardware.card.profile import PURSE_AID
from hardware.card.purse import get_challenge, select_application
from hardware.cli.card_report import report_on
from hardware.cli.card_text import masked, report_lines
from hardware.emulator.blanks import blank_card
from hardware.emulator.card import EmulatedCard
from tests.hardware.emulator.make_cards import CHIP_SERIAL, KEYS
from tests.hardware.readers.scripted import ScriptedCard
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


def selected(name: str) -> str:
    """SELECT by name as it travels."""
    return f"00A40400{len(name) // 2:02X}{name}00"


# A real T-Union card's answer to SELECT, its trip, and a real entry of its log.
T_UNION_FCI = "6F318408A000000632010105A5259F0801029F0C1E01011000FFFFFFFF02010310517001017090798420190806204012310000"
EF15 = "01011000FFFFFFFF02010310517001017090798420190806204012310000"
TRIP = "0400003000890003400108001900300000000001F400000E0120241229141740100001011000FFFFFFFF000000000000"
LOG = "042D000000000001F40930008900034020241229141740"


def test_card_of_another_city_is_read() -> None:
    """A passenger's T-Union card of elsewhere shows its number, days, balance, log and trips, and is not taken for ours."""
    card = ScriptedCard(
        "3B8001",
        {
            selected("A000000632010105"): T_UNION_FCI + "9000",
            "00B0970003C": "6C0B",
            "00B0950000": EF15 + "9000",
            "00B201C400": LOG + "9000",
            "00B202C400": "6A83",
            "00B201F400": TRIP + "9000",
            "805C030204": "00000E019000",
            "805C020204": "000000009000",
            "805C010204": "000000009000",
            "805C000204": "00000E019000",
        },
    )
    report = report_on(card)
    assert (report["kind"], report["purse"]) == ("T-Union", None)
    (found,) = report["other_schemes"]
    assert (found["card_number"], found["valid_from"], found["valid_to"]) == (
        "3105170010170907984",
        "2019-08-06",
        "2040-12-31",
    )
    assert found["balance_fen"] == 3_585
    (entry,) = found["log"]
    assert (entry["sequence"], entry["type"], entry["amount_fen"]) == (0x042D, "compound purchase", 500)
    (trip,) = found["trips"]
    assert (trip["amount_fen"], trip["at"]) == (500, "2024-12-29T14:17:40+08:00")
    text = "\n".join(report_lines(masked(report)))
    assert "T-Union 交通联合: card number ***************7984" in text
    assert "social security" not in text


def test_unknown_cards_are_no_error() -> None:
    """A card that answers nothing we know, one that refuses everything, and a storage card over the air."""
    for sw in ("6A82", "6D00", "6E00", "6985", "6A81", "6283", "9000"):
        report = report_on(Refusing("3B00", sw))
        assert (report["purse"], report["social_security"], report["psam"]) == (None, None, None)
        assert report_lines(report)[0] == report["kind"]
    storage = ScriptedCard("3B8F8001804F0CA000000306030001000000006A", {"FFCA000000": "04A1B2C39000"})
    report = report_on(storage)
    assert report["kind"] == "MIFARE Classic 1K (ISO 14443 A, part 3)"
    assert (report["contactless"]["uid"], report["contactless"]["ats"]) == ("04A1B2C3", None)
    assert "UID ****B2C3" in report_lines(masked(report))


class Refusing(ScriptedCard):
    """Answers everything with one status word."""

    def __init__(self, atr: str, sw: str) -> None:
        super().__init__(atr, {})
        self._sw = int(sw, 16)

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        del command
        return ResponseApdu(b"", self._sw)
