"""A bus, its validator and cards for tests: real APDUs to an emulated card and PSAM, and the sums that must agree afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hardware.card import crypto, profile
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import CardChannel, send
from hardware.card.files import TransactionLogRecord
from hardware.card.purse import GetBalance, read_record, select_application
from hardware.emulator.card import EmulatedCard
from hardware.emulator.image import CardImage
from hardware.terminal.batch import TapRecord
from hardware.terminal.fares import DeviceTable
from hardware.terminal.hotlist import Hotlist
from hardware.terminal.outbox import Outbox
from hardware.terminal.validator import BusValidator, ValidatorSettings
from tests.hardware.emulator.make_cards import KEYS, SERIAL, counting_random, personalised_card, personalised_psam
from tests.hardware.terminal.published import FLAT
from tests.hardware.terminal.records import KEY, PSAM_SERIAL, TERMINAL

MORNING = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
LOADED_FEN = 10_000
SETTINGS = ValidatorSettings(TERMINAL, PSAM_SERIAL, line=1, stop=4)
TABLE = DeviceTable.parse(FLAT.table)
OTHER_TERMINAL = bytes.fromhex("330200000002")
OTHER_PSAM_SERIAL = bytes.fromhex("33020000000000000002")
OTHER_SERIAL = bytes.fromhex("03103302000000000022")


@cache
def _image(kind: str, **changes: Any) -> str:
    """A personalised image as text; made once a run, since it takes a hundred commands."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "image.json"
        make = personalised_card if kind == "card" else personalised_psam
        with make(path, **changes):
            pass
        return path.read_text()


def fresh(kind: str, **changes: Any) -> EmulatedCard:
    """A personalised card or PSAM in memory."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "image.json"
        path.write_text(_image(kind, **changes))
        path.chmod(0o600)
        image = CardImage.load(path)
    image.path = None
    return EmulatedCard(image, counting_random())


def adult_card(serial: bytes = SERIAL, balance_fen: int = LOADED_FEN, card_class: int = 1) -> EmulatedCard:
    return fresh("card", serial=serial, balance_fen=balance_fen, card_class=card_class)


@dataclass
class Bus:
    """A validator with its parts at hand."""

    psam: EmulatedCard
    outbox: Outbox
    validator: BusValidator

    def tap(self, card: CardChannel, at: datetime = MORNING) -> Any:
        return self.validator.tap(card, at)

    def batch(self) -> list[TapRecord]:
        """What would be uploaded now; the batch is left open."""
        batch = self.outbox.build_batch(SETTINGS.batch_head(3, 0, MORNING), KEY.sign)
        return [] if batch is None else batch.records


@contextmanager
def bus(path: Path, psam: EmulatedCard | None = None, **changes: Any) -> Iterator[Bus]:
    """A bus whose outbox is in this file; `changes` go to the settings."""
    module = psam or fresh("psam")
    module.reset()
    with Outbox(path) as outbox:
        validator = BusValidator(module, outbox, TABLE, replace(SETTINGS, **changes), Hotlist())
        yield Bus(module, outbox, validator)


@contextmanager
def other_bus(path: Path) -> Iterator[Bus]:
    """A second bus, on line 2."""
    psam = fresh("psam", terminal=OTHER_TERMINAL, psam_serial=OTHER_PSAM_SERIAL)
    with bus(path, psam, terminal_number=OTHER_TERMINAL, psam_serial=OTHER_PSAM_SERIAL, line=2) as made:
        yield made


def balance_of(card: EmulatedCard) -> int:
    card.reset()
    send(card, select_application(profile.PURSE_AID))
    return GetBalance.parse(send(card, GetBalance().command()))


def newest_log(card: EmulatedCard) -> TransactionLogRecord:
    send(card, select_application(profile.PURSE_AID))
    return TransactionLogRecord.decode(send(card, read_record(profile.LOG_SFI, 1)))


def tac_is_good(record: TapRecord, terminal: bytes = TERMINAL) -> bool:
    """What the host asks its vault."""
    dtk = KEYS.key("tac", chip_serial=bytes(8), serial=record.card_serial)
    signed = crypto.purchase_tac_input(
        record.amount_fen, record.type, terminal, record.terminal_sequence, record.date, record.time
    )
    return crypto.tac(crypto.fold_tac_key(dtk), signed) == record.tac


@dataclass
class Meddler:
    """A channel that changes what a card answers to one instruction, or counts what it is sent."""

    card: CardChannel
    ins: int = -1
    flip: int = 0
    count: int = 0

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        self.count += 1
        response = self.card.transmit(command)
        if command.ins != self.ins:
            return response
        data = bytearray(response.data)
        data[self.flip] ^= 1
        return ResponseApdu(bytes(data), response.sw)
