"""Walking over a card of any city: which known applications it has, and what can be read of each without a key or a PIN.

A card may refuse or garble any part: what cannot be read is a note beside what can, so a walk ends without an error for every
card that answers at all. Nothing is written, and a PIN is never tried.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Final, TypeVar

from hardware.card import social_files
from hardware.card.bcd import digits_of
from hardware.card.channel import CardChannel, send, send_through_warnings
from hardware.card.fci import SelectedFile
from hardware.card.files import LOG_RECORD_BYTES, TransactionLogRecord
from hardware.card.fixed import cut
from hardware.card.iso import GetData, ReadBinary, ReadRecord, SelectApplication, SelectFile
from hardware.card.known_cards import KNOWN_CARDS, MASTER_FILE, InFile, InSelection, KnownCard, Place
from hardware.card.purse_questions import balance_questions, shown_balance_fen
from hardware.card.transit import TRIP_RECORD_BYTES, TUnionTrip
from hardware.errors import CardRefused, MalformedCardData

MAX_RECORDS: Final = 30
TAG_CASH_BALANCE: Final = 0x9F79
CASH_BALANCE_BYTES: Final = 6

T = TypeVar("T")


@dataclass(slots=True)
class CardReading:
    """What one application told. Public social-security records are texts by slug.

    Args:
        card: which kind it is.
        selected: its answer to SELECT.
        notes: what could not be read, in words without card data.
    """

    card: KnownCard
    selected: SelectedFile
    number: str | None = None
    valid: tuple[date, date] | None = None
    balance_fen: int | None = None
    log: list[TransactionLogRecord] = field(default_factory=list)
    trips: list[TUnionTrip] = field(default_factory=list)
    records: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def walk(channel: CardChannel) -> Iterator[CardReading]:
    """Every known application of the card, in the order of the table.

    Raises:
        CardRemoved: the card gave no answer.
    """
    for card in KNOWN_CARDS:
        reading = read_application(channel, card)
        if reading is not None:
            yield reading


def read_application(channel: CardChannel, card: KnownCard) -> CardReading | None:
    """What can be read of one kind of card; None when the card is not of this kind.

    Raises:
        CardRemoved: the card gave no answer.
    """
    notes: list[str] = []
    master_files = _master_files(channel, card)
    if master_files is None:
        return None
    selected = SelectedFile()
    for number, step in enumerate(card.select):
        answer = _tried(notes, "SELECT", partial(_selected, channel, step))
        if answer is None and not number:
            return None
        selected = selected if answer is None or number else answer
    reading = CardReading(card, selected, notes=notes)
    _read_information(channel, reading, master_files)
    _read_balance(channel, reading)
    for sfi in card.logs:
        reading.log += _records(channel, sfi, LOG_RECORD_BYTES, TransactionLogRecord.decode)
        if reading.log:
            break
    for sfi in card.trips:
        reading.trips += _records(channel, sfi, TRIP_RECORD_BYTES, TUnionTrip.decode)
    if card.slug == "social_security":
        _read_social_records(channel, reading)
    return reading


def _selected(channel: CardChannel, step: SelectFile | SelectApplication) -> SelectedFile:
    return SelectedFile.decode(send_through_warnings(channel, step.command()))


def _master_files(channel: CardChannel, card: KnownCard) -> dict[int, bytes] | None:
    """Files of the master file that the table names, read first; None when one is missing: they tell the kind of card."""
    wanted = {
        part.place.sfi
        for part in (card.number, card.days)
        if part is not None and isinstance(part.place, InFile) and part.place.of_master
    }
    found: dict[int, bytes] = {}
    if wanted or isinstance(card.select[0], SelectFile):
        _tried([], "SELECT", lambda: _selected(channel, MASTER_FILE))
    for sfi in wanted:
        content = _tried([], "master file", partial(send, channel, ReadBinary(sfi).command()))
        if not content:
            return None
        found[sfi] = content
    return found


def _read_information(channel: CardChannel, reading: CardReading, master_files: dict[int, bytes]) -> None:
    card, files = reading.card, {}

    def content(place: Place) -> bytes:
        if isinstance(place, InSelection):
            return reading.selected.public_data
        if not isinstance(place, InFile):
            return b""
        if place.of_master:
            return master_files[place.sfi]
        if place.sfi not in files:
            files[place.sfi] = send_through_warnings(channel, ReadBinary(place.sfi).command())
        return files[place.sfi]

    if (number := card.number) is not None:
        reading.number = _tried(reading.notes, "number", lambda: number.decode(content(number.place)))
    if (days := card.days) is not None:
        reading.valid = _tried(reading.notes, "days", lambda: days.decode(content(days.place)))


def _read_balance(channel: CardChannel, reading: CardReading) -> None:
    card = reading.card
    if card.electronic_cash:
        reading.balance_fen = _tried(reading.notes, "balance", lambda: _cash_balance_fen(channel))
    elif card.purse:
        questions = balance_questions(card.dialect)
        reading.balance_fen = _tried(
            reading.notes,
            "balance",
            lambda: shown_balance_fen(card.dialect, [send(channel, question.command()) for question in questions]),
        )


def _cash_balance_fen(channel: CardChannel) -> int:
    """GET DATA 9F79: the answer may carry tag and length, then 6 BCD bytes."""
    data = send(channel, GetData(TAG_CASH_BALANCE).command())
    return int(digits_of(cut("electronic cash", data[-CASH_BALANCE_BYTES:], CASH_BALANCE_BYTES)[0]))


def _records(channel: CardChannel, sfi: int, length: int, decode: Callable[[bytes], T]) -> list[T]:
    """Records until the card refuses one; a reply of several records is cut up, records of zeros or F were never written."""
    found: list[T] = []
    for number in range(1, MAX_RECORDS + 1):
        question = ReadRecord(number, sfi).command()
        data = _tried([], "record", partial(send_through_warnings, channel, question))
        if not data:
            break
        for start in range(0, len(data) - length + 1, length):
            piece = data[start : start + length]
            value = _tried([], "record", partial(decode, piece))
            if value is not None and piece.strip(b"\x00") and piece.strip(b"\xff"):
                found.append(value)
        if len(data) >= 2 * length:
            break
    return found[:MAX_RECORDS]


def _read_social_records(channel: CardChannel, reading: CardReading) -> None:
    for question in social_files.public_questions():
        shown = _tried(reading.notes, f"EF05 record {question.number}", partial(_social_record, channel, question))
        if shown is not None:
            reading.records[shown[0]] = shown[1]


def _social_record(channel: CardChannel, question: ReadRecord) -> tuple[str, str]:
    return social_files.SocialRecord.decode(send(channel, question.command())).shown()


def _tried(notes: list[str], what: str, read: Callable[[], T]) -> T | None:
    """The value, or None and a note when the card refuses it or it is not of its form."""
    try:
        return read()
    except (CardRefused, MalformedCardData) as refused:
        notes.append(f"{what}: {refused}")
        return None
