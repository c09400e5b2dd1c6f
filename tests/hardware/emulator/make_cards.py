"""Cards and PSAMs for tests, personalised the way a real one is: every byte goes in by an APDU that the chip may refuse.

    card = personalised_card(None, serial=serial, card_class=1, balance_fen=10_000)
    psam = personalised_psam(None, terminal=bytes.fromhex("330200000001"))

The masters below are our own regression values, not keys of any city.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from hardware.card import crypto, profile, protection
from hardware.card.administration import DirectoryBody
from hardware.card.channel import CardChannel, send
from hardware.card.files import CardholderData, ManagementData, PublicApplicationData, application_serial, card_factor
from hardware.card.psam import PsamApplicationData, PsamPublicData
from hardware.card.purse import (
    CreditForLoad,
    InitializeForLoad,
    external_authenticate,
    get_challenge,
    select_application,
    select_file,
)
from hardware.card.social_security import IssuerRecords, PersonRecords, card_id_body, card_id_mac, card_number_check
from hardware.emulator import CardImage, ChipOptions, EmulatedCard, blank_card, blank_psam

CITY_FACTOR = bytes.fromhex("3302FF0000000000")
BUREAU_FACTOR = b"330200sx"
ISSUER = bytes.fromhex("01013302FFFFFFFF")
CHIP_SERIAL = bytes.fromhex("0000000011223344")
PSAM_CHIP_SERIAL = bytes.fromhex("0000000055667788")
TERMINAL = bytes.fromhex("330200000001")
LOAD_TERMINAL = bytes.fromhex("330200000099")
SERIAL = application_serial("3302", "00000000001")
PSAM_SERIAL = bytes.fromhex("33020000000000000001")
VALID_FROM, VALID_TO = date(2026, 1, 1), date(2036, 12, 31)
ADULT = 0x01
PIN = "123456"
DAY, TIME = bytes.fromhex("20260101"), bytes.fromhex("080000")

Random = Callable[[int], bytes]


def _run(first: int) -> bytes:
    return bytes(range(first, first + 16))


@dataclass(frozen=True)
class CityKeys:
    """Masters of a made-up city by role of the card profile, and what is derived from them for one chip."""

    masters: dict[str, bytes] = field(
        repr=False,
        default_factory=lambda: {
            "purchase": _run(0x40),
            "load": _run(0x50),
            "tac": _run(0x60),
            "pin_reload": _run(0x70),
            "pin_unblock": _run(0x80),
            "application_maintenance": _run(0x90),
            "transport": _run(0xA0),
            "card_control": _run(0xB0),
            "application_control": _run(0xC0),
            "internal": _run(0xD0),
            "unload": _run(0xE0),
            "overdraft": _run(0x10),
            "social_security": _run(0x20),
            "card_identity": _run(0x30),
            "psam_control": _run(0x01),
            "psam_application_control": _run(0x02),
            "psam_maintenance": _run(0x03),
        },
    )

    def key(self, role: str, *, chip_serial: bytes, serial: bytes = SERIAL) -> bytes:
        """The 16-byte key of a role on one chip."""
        if role == "psam_purchase":
            return self.masters["purchase"]
        master = self.masters[role]
        if role in {"transport", "card_control"} or role.startswith("psam_"):
            return crypto.diversify(master, chip_serial)
        if role == "social_security":
            return crypto.diversify_chain(master, (BUREAU_FACTOR, chip_serial))
        return crypto.diversify_chain(master, (CITY_FACTOR, card_factor(serial)))


KEYS = CityKeys()


def counting_random(first: int = 1) -> Random:
    """A random source that counts: 00000001, 00000002, … in as many bytes as asked for."""
    numbers = itertools.count(first)
    return lambda length: (next(numbers) % 256**length).to_bytes(length)


@dataclass
class Issuer:
    """The host's side of a personalisation: keys in hand, one chip in the reader."""

    card: CardChannel
    keys: Callable[[str], bytes]

    def authenticate(self, role: str, kid: int = profile.CONTROL_KID) -> None:
        challenge = send(self.card, get_challenge(8))
        cryptogram = crypto.external_authenticate_cryptogram(self.keys(role), challenge)
        send(self.card, external_authenticate(cryptogram, kid))

    def write_key(self, slot: profile.KeySlot, *, replace: bool = False) -> None:
        record = slot.record(self.keys(slot.role)).encode()
        self.write_record(slot.header(replace=replace), record, slot.under)

    def write_record(self, header: bytes, record: bytes, under: str) -> None:
        challenge = send(self.card, get_challenge(4))
        key = self.keys(under)
        send(self.card, protection.protect(b"\x84\xd4" + header, record, key, challenge, encrypt=True))

    def protected(self, header: bytes, data: bytes, under: str) -> None:
        challenge = send(self.card, get_challenge(4))
        send(self.card, protection.protect(header, data, self.keys(under), challenge))

    def replace_transport_key(self, control: profile.KeySlot) -> None:
        send(self.card, select_file(profile.MASTER_FID))
        self.authenticate(control.under)
        self.write_key(control, replace=True)
        self.authenticate(control.role)

    def create_directory(self, directory: profile.FileSpec, files: tuple[profile.FileSpec, ...]) -> None:
        send(self.card, directory.command())
        assert isinstance(directory.body, DirectoryBody)
        send(self.card, select_application(directory.body.name))
        for file in files:
            send(self.card, file.command())

    def write_binary(self, sfi: int, data: bytes, under: str) -> None:
        self.protected(bytes((0x04, 0xD6, 0x80 | sfi, 0)), data, under)

    def write_records(self, sfi: int, records: tuple[bytes, ...], under: str) -> None:
        for number, record in enumerate(records, start=1):
            self.protected(bytes((0x04, 0xDC, number, sfi << 3 | 4)), record, under)


def personalised_card(
    path: str | Path | None,
    *,
    keys: CityKeys = KEYS,
    serial: bytes = SERIAL,
    chip_serial: bytes = CHIP_SERIAL,
    card_class: int = ADULT,
    balance_fen: int = 0,
    card_profile: profile.CardProfile | None = None,
    options: ChipOptions | None = None,
    random: Random | None = None,
) -> EmulatedCard:
    """A citizen card of our profile, freshly inserted; with `balance_fen` loaded by a real load (online counter 1 then)."""
    image = blank_card(chip_serial, keys.key("transport", chip_serial=chip_serial), options)
    card = _inserted(image, path, random)
    issuer = Issuer(card, partial(keys.key, chip_serial=chip_serial, serial=serial))
    personalise(issuer, card_profile or profile.CardProfile(), serial, card_class, chip_serial)
    card.reset()
    if balance_fen:
        load(card, balance_fen, keys=keys, serial=serial)
        card.reset()
    return card


def personalise(
    issuer: Issuer,
    what: profile.CardProfile | None = None,
    serial: bytes = SERIAL,
    card_class: int = ADULT,
    chip_serial: bytes = CHIP_SERIAL,
) -> None:
    """Make a citizen card of the blank chip in the issuer's reader, wherever that reader is."""
    what = what or profile.CardProfile()
    issuer.replace_transport_key(profile.CARD_CONTROL)
    _make_purse(issuer, what, serial, card_class)
    send(issuer.card, select_file(profile.MASTER_FID))
    issuer.authenticate("card_control")
    _make_social_security(issuer, what, chip_serial)


def _inserted(image: CardImage, path: str | Path | None, random: Random | None) -> EmulatedCard:
    if path is not None:
        image.save(path)
    return EmulatedCard(image, random or counting_random())


def _make_purse(issuer: Issuer, what: profile.CardProfile, serial: bytes, card_class: int) -> None:
    issuer.create_directory(what.purse_directory, what.purse_files)
    issuer.write_key(what.purse_control)
    issuer.authenticate("application_control")
    for slot in what.purse_keys:
        issuer.write_key(slot)
    issuer.write_record(bytes((1, profile.PIN_KID)), what.pin_record(PIN), "application_control")
    public = PublicApplicationData(ISSUER, serial, VALID_FROM, VALID_TO)
    under = "application_maintenance"
    issuer.write_binary(profile.PUBLIC_DATA_SFI, public.encode(), under)
    issuer.write_binary(profile.CARDHOLDER_SFI, CardholderData("王小明", "11010519491231002X").encode(), under)
    issuer.write_binary(profile.MANAGEMENT_SFI, ManagementData("3300", "3302", card_class).encode(), under)


def _make_social_security(issuer: Issuer, what: profile.CardProfile, chip_serial: bytes) -> None:
    issuer.create_directory(what.social_directory, what.social_files)
    for slot in what.social_keys:
        issuer.write_key(slot)
    issuer.write_record(bytes((1, profile.PIN_KID)), what.pin_record(PIN), "card_control")
    body = card_id_body("330200", chip_serial)
    number = "A1234567"
    issuer_records = IssuerRecords(
        card_id=body + card_id_mac(issuer.keys("card_identity"), body),
        card_number=number + card_number_check(number),
        institution="330200000001",
        issued=VALID_FROM,
        expires=VALID_TO,
    )
    person = PersonRecords("11010519491231002X", "王小明", "9", date(1949, 12, 31))
    issuer.write_records(profile.SSSE_ISSUER_SFI, issuer_records.encode(), "social_security")
    issuer.write_records(profile.SSSE_PERSON_SFI, person.encode(), "social_security")


def personalised_psam(
    path: str | Path | None,
    *,
    keys: CityKeys = KEYS,
    terminal: bytes = TERMINAL,
    psam_serial: bytes = PSAM_SERIAL,
    chip_serial: bytes = PSAM_CHIP_SERIAL,
    options: ChipOptions | None = None,
    random: Random | None = None,
) -> EmulatedCard:
    """A PSAM of our profile, freshly inserted, its purchase application selected."""
    image = blank_psam(chip_serial, keys.key("transport", chip_serial=chip_serial), options)
    psam = _inserted(image, path, random)
    issuer = Issuer(psam, partial(keys.key, chip_serial=chip_serial))
    what = profile.PsamProfile()
    issuer.replace_transport_key(profile.PSAM_CONTROL)
    for slot in what.master_keys:
        issuer.write_key(slot)
    for file in what.master_files:
        send(psam, file.command())
    issuer.write_binary(profile.PUBLIC_DATA_SFI, PsamPublicData(psam_serial).encode(), "psam_maintenance")
    issuer.write_binary(profile.PSAM_TERMINAL_SFI, terminal, "psam_maintenance")
    issuer.create_directory(what.directory, what.files)
    issuer.write_key(what.control)
    issuer.authenticate("psam_application_control")
    for slot in what.keys:
        issuer.write_key(slot)
    application = PsamApplicationData(profile.KEY_INDEX, ISSUER, bytes(8), VALID_FROM, VALID_TO)
    issuer.write_binary(profile.PSAM_APPLICATION_FID & 0x1F, application.encode(), "psam_maintenance")
    psam.reset()
    send(psam, select_application(profile.PSAM_AID))
    return psam


def load(
    card: CardChannel,
    amount_fen: int,
    *,
    keys: CityKeys = KEYS,
    serial: bytes = SERIAL,
    terminal: bytes = LOAD_TERMINAL,
) -> bytes:
    """Load a card as the host does; returns the load TAC. Leaves the purse application selected."""
    send(card, select_application(profile.PURSE_AID))
    began = InitializeForLoad.parse(send(card, InitializeForLoad(profile.KEY_INDEX, amount_fen, terminal).command()))
    dlk = keys.key("load", chip_serial=CHIP_SERIAL, serial=serial)
    session_key = crypto.load_session_key(dlk, began.random, began.online_seq)
    expected = crypto.load_mac1(session_key, began.balance_fen, amount_fen, crypto.TTI_LOAD, terminal)
    assert began.mac1 == expected, "the card does not hold the load key of this city"
    mac2 = crypto.load_mac2(session_key, amount_fen, crypto.TTI_LOAD, terminal, DAY, TIME)
    return CreditForLoad.parse(send(card, CreditForLoad(DAY, TIME, mac2).command()))
