"""Walking over cards of any city, on the emulated chip of ours and on a chip that answers a table."""

from collections.abc import Mapping

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.card_walk import read_application, walk
from hardware.card.known_cards import KNOWN_CARDS
from hardware.card.purse import select_application
from tests.hardware.emulator.make_cards import SERIAL, personalised_card
from tests.vectors import card_samples

BY_SLUG = {card.slug: card for card in KNOWN_CARDS}


class TableCard:
    """A card that answers what the table says, and 6A82 to all else."""

    atr = b""

    def __init__(self, answers: Mapping[str, bytes | int]) -> None:
        self._answers = {bytes.fromhex(command): answer for command, answer in answers.items()}

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        answer = self._answers.get(command.to_bytes(), 0x6A82)
        return ResponseApdu(b"", answer) if isinstance(answer, int) else ResponseApdu(answer)


def select(name: bytes) -> str:
    return select_application(name).to_bytes().hex()


def test_our_own_card_is_read_whole() -> None:
    """A clerk sees number, balance, log and the public social-security data of our card without any key or PIN."""
    with personalised_card(None, serial=SERIAL, card_class=1, balance_fen=10_000) as card:
        purse, social = list(walk(card))
    assert purse.card.slug == "t_union"
    assert purse.number == SERIAL.hex()[1:]
    assert purse.balance_fen == 10_000
    assert [record.amount_fen for record in purse.log] == [10_000]
    assert purse.valid is not None
    assert social.card.slug == "social_security"
    assert social.records["version"] == "3.00"
    assert social.notes == []


def test_a_foreign_t_union_card_is_read() -> None:
    """Trips, balance less what is overdrawn, and a log that comes ten records at once."""
    aid = bytes.fromhex("A000000632010105")
    log = card_samples.TUNION_LOG_RECORD
    foreign = TableCard(
        {
            select(aid): card_samples.TUNION_FCI,
            "00B0950000": card_samples.TUNION_FCI[-30:],
            "805C030204": b"\x00\x00\x0e\x01",
            "805C020204": bytes(4),
            "00B201C400": log * 3 + bytes(23),
            "00B201F400": card_samples.TUNION_TRIP_RECORD,
        }
    )
    (reading,) = walk(foreign)
    assert reading.number == card_samples.TUNION_PRINTED_NUMBER
    assert reading.balance_fen == 0x0E01
    assert [record.amount_fen for record in reading.log] == [500, 500, 500]
    assert [(trip.amount_fen, trip.at.year) for trip in reading.trips] == [(500, 2024)]


def test_a_beijing_card_is_told_by_its_master_file() -> None:
    """File id 1001 is everybody's; only a card with EF04 in its master file is Beijing's."""
    content = bytes.fromhex("1000751012345678") + bytes(16) + bytes.fromhex("20150101 20301231")
    beijing = TableCard(
        {
            "00A40000023F0000": b"",
            "00B0840000": content,
            "00A4000002100100": b"\x6f\x00",
            "805C000204": b"\x00\x00\x00\x64",
        }
    )
    (reading,) = walk(beijing)
    assert (reading.card.slug, reading.number, reading.balance_fen) == ("beijing", "1000751012345678", 100)
    assert reading.valid is not None
    assert reading.log == []


def test_a_card_that_refuses_everything_ends_the_walk_quietly() -> None:
    """An unknown card, a blocked one and one that answers rubbish are no error."""
    assert list(walk(TableCard({}))) == []
    rubbish = TableCard({select(b"PAY.SZT"): b"\x6f\x00", "805C000204": b"odd", "00B201C400": b"x"})
    reading = read_application(rubbish, BY_SLUG["shenzhen"])
    assert reading is not None
    assert (reading.number, reading.balance_fen, reading.log) == (None, None, [])
    assert {note.partition(":")[0] for note in reading.notes} == {"number", "days", "balance"}


def test_an_electronic_cash_balance_is_read() -> None:
    """The other T-Union application answers its balance by GET DATA, in six bytes of digits."""
    cash = TableCard(
        {select(bytes.fromhex("A000000632010106")): b"", "80CA9F7900": bytes.fromhex("9F7906000000001234")}
    )
    (reading,) = walk(cash)
    assert reading.balance_fen == 1234
