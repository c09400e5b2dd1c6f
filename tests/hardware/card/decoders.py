"""Every decoder of the card's language, with a value or bytes that it reads: the list that tests and the drill walk.

A decoder reads raw bytes here, whatever it takes in the product: a command decoder first reads the command, a decoder of records
first cuts the bytes into records. `write` gives back the bytes that were read; None where several inputs mean the same.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import hardware.card
from hardware.card import (
    administration,
    apdu,
    atr,
    bcd,
    blocking,
    card_making,
    card_number,
    cash,
    compound_records,
    crypto,
    dialect,
    fci,
    files,
    fuel,
    fuel_psam,
    iso,
    known_cards,
    overdraft,
    pin,
    protection,
    psam,
    psam_cipher,
    purse,
    purse_questions,
    sm4,
    social_account,
    social_files,
    social_security,
    text,
    tlv,
    tpdu,
    transit,
    unload,
    updates,
)
from hardware.card.apdu import CommandApdu
from tests.vectors import card_samples, identifiers

KEY = bytes(range(16))
TERMINAL = bytes.fromhex("330200000001")
DAY, TIME, MOMENT, MAC = bytes.fromhex("20260101"), bytes.fromhex("083000"), bytes.fromhex("20260101083000"), b"MAC4"
NOON = datetime(2026, 1, 1, 4, tzinfo=UTC)
METHODS = ("decode", "from_command", "parse", "from_bytes")


@dataclass(frozen=True)
class Decoder:
    """One decoder: its name, how it reads raw bytes, how what it read is written, and bytes that it reads."""

    name: str
    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes] | None
    samples: tuple[bytes, ...]


ISSUER = social_security.IssuerRecords(
    bytes(16), identifiers.SOCIAL_CARD_NUMBER, "3302", date(2026, 1, 1), date(2036, 1, 1)
)
PERSON = social_security.PersonRecords("11010519491231002X", "王小明", "1", date(1949, 12, 31), "01", "110105")
FILE_BODY = administration.FileBody(administration.FileKind.BINARY, 30, 0xF0, 0xF0, 0)

# One value of every class that is written and read as bytes.
VALUES: tuple[Any, ...] = (
    administration.DirectoryBody(0x1000, 0x0A, 0x0A, b"CITY.", 0x15),
    FILE_BODY,
    administration.KeyRecord(administration.KeyType.LOAD, 0xF0, 2, 1, 0, KEY),
    apdu.ResponseApdu(b"data", 0x9000),
    atr.AnswerToReset(
        bytes(range(10)),
        (atr.InterfaceBytes(a=0x95, protocol=0), atr.InterfaceBytes(b=0x21, protocol=1), atr.InterfaceBytes()),
    ),
    compound_records.CompoundRecord(0xAA, b"\x29rest"),
    compound_records.CityTransitRecord(bytes(0x78)),
    fci.DirectoryInformation(b"1PAY.SYS.DDF01"),
    fci.FileControlParameters(1, 0x15),
    files.PublicApplicationData(bytes(8), identifiers.SERIAL, date(2026, 1, 1), date(2036, 1, 1)),
    files.CardholderData("王小明", "11010519491231002X"),
    files.ManagementData("3300", "3302", 1),
    files.TransactionLogRecord.decode(card_samples.TUNION_LOG_RECORD),
    fuel.GreyStatus(fuel.GreyState.LOCKED, TERMINAL, b"GTAC"),
    fuel.GreyLockProof(b"GTAC", MAC),
    fuel.UnlockInitialization(100, 1, 2, 1, 0, b"rand", MAC),
    fuel_psam.GreyLockAuthorization(7, b"rand", MAC),
    overdraft.OverdraftInitialization(100, 2, 3, 1, 0, b"rand", MAC),
    psam.PurchaseAuthorization(7, MAC),
    psam.PsamPublicData(bytes(10)),
    psam.PsamApplicationData(1, bytes(8), bytes(8), date(2026, 1, 1), date(2036, 1, 1)),
    psam.PsamSequence(9),
    psam_cipher.KeyUsage(psam_cipher.KeyPurpose.ENCRYPTION, 2),
    purse.PurchaseProof(b"TACS", MAC),
    purse.LoadInitialization(100, 1, 1, 0, b"rand", MAC),
    purse.PurchaseInitialization(100, 1, 0, 1, 0, b"rand"),
    purse_questions.TransactionProof(MAC, b"TACS"),
    social_files.SocialRecord(9, "王小明".encode("gbk").ljust(30, b"\x00")),
    tlv.FileControlInformation(b"CITY.", bytes(30)),
    transit.TransferAnchor(7, NOON.astimezone(bcd.BEIJING)),
    transit.TripRecord(6, TERMINAL, 2, 5, 1, 200, 9800, NOON.astimezone(bcd.BEIJING), "3302", bytes(8)),
    transit.TUnionManagementData("00000156", "5800", "5840", 1, 1),
    transit.TUnionTrip.decode(card_samples.TUNION_TRIP_RECORD),
)

# One value of every command.
COMMANDS: tuple[Any, ...] = (
    blocking.BlockApplication(MAC, permanent=True),
    blocking.UnblockApplication(MAC),
    blocking.BlockCard(MAC),
    card_making.CreateFile(0x15, FILE_BODY),
    card_making.EraseDirectory(),
    card_making.WriteKey(1, 0, bytes(24), MAC),
    cash.InitializeForCashWithdraw(1, 100, TERMINAL),
    fuel.GetGreyStatus(),
    fuel.InitializeForGreyLock(1, TERMINAL),
    fuel.GreyLock(7, b"rand", MOMENT, MAC),
    fuel.DebitForUnlock(20_000, 3, TERMINAL, 7, MOMENT, MAC),
    fuel.InitializeForUnlock(1, TERMINAL),
    fuel.UnlockOnline(20_000, MOMENT, MAC),
    fuel_psam.InitSamForGreyLock(b"rand", 3, 50_000, MOMENT, 1, 0, bytes(8), bytes(8)),
    fuel_psam.VerifyGreyLock(MAC),
    fuel_psam.InitSamForUnlock(bytes(8), 3, 20_000),
    iso.SelectFile(0x3F00),
    iso.SelectApplication(b"1PAY.SYS.DDF01"),
    iso.ReadBinary(0x15, 0, 30),
    iso.ReadRecord(1, 0x18, 23),
    iso.GetChallenge(4),
    iso.ExternalAuthenticate(bytes(8), 4),
    iso.InternalAuthenticate(bytes(8), 1),
    iso.GetResponse(16),
    iso.GetData(0x9F79),
    overdraft.InitializeForUpdate(1, TERMINAL),
    overdraft.UpdateOverdrawLimit(5_000, DAY, TIME, MAC),
    pin.VerifyPin("123456"),
    pin.ChangePin("12345", "654321"),
    pin.ReloadPin("123456", MAC),
    pin.UnblockPin(bytes(8), MAC, 1),
    psam.InitSamForPurchase(b"rand", 3, 200, 9, DAY, TIME, 1, 0, (bytes(8), bytes(8))),
    psam.CreditSamForPurchase(MAC),
    psam_cipher.InitForDescrypt(psam_cipher.KeyUsage(psam_cipher.KeyPurpose.ENCRYPTION, 1), 1, (bytes(8),)),
    psam_cipher.DesCrypt(bytes(16), mac=True, initial=bytes(8)),
    purse.InitializeForLoad(1, 10_000, TERMINAL),
    purse.InitializeForPurchase(1, 200, TERMINAL, compound=True),
    purse.CreditForLoad(DAY, TIME, MAC),
    purse.UpdateCompoundCache(0x1E, 0, bytes(48)),
    purse.DebitForPurchase(7, DAY, TIME, MAC),
    purse_questions.GetTransactionProve(9, 1),
    purse_questions.GetBalance(),
    social_account.GetMedicalBalance(),
    social_account.InitializeMedicalLoad(1, 100, TERMINAL),
    unload.InitializeForUnload(1, 100, TERMINAL),
    unload.DebitForUnload(DAY, TIME, MAC),
    updates.UpdateBinary(0x15, 0, b"new", MAC),
    updates.UpdateRecord(1, 0x05, b"new"),
    updates.AppendRecord(0x18, b"new"),
)

# Commands whose answer is read by `parse`, with the length of the answer.
ANSWERS: tuple[tuple[Any, int], ...] = (
    (cash.InitializeForCashWithdraw(1, 1, TERMINAL), 15),
    (fuel.GetGreyStatus(), 30),
    (fuel.InitializeForGreyLock(1, TERMINAL), 15),
    (fuel.GreyLock(7, b"rand", MOMENT, MAC), 8),
    (fuel.DebitForUnlock(1, 3, TERMINAL, 7, MOMENT, MAC), 4),
    (fuel.InitializeForUnlock(1, TERMINAL), 18),
    (fuel.UnlockOnline(1, MOMENT, MAC), 4),
    (fuel_psam.InitSamForGreyLock(b"rand", 3, 5, MOMENT, 1, 0, bytes(8), bytes(8)), 12),
    (fuel_psam.InitSamForUnlock(bytes(8), 3, 2), 4),
    (iso.GetChallenge(4), 4),
    (iso.InternalAuthenticate(bytes(8), 1), 8),
    (overdraft.InitializeForUpdate(1, TERMINAL), 19),
    (overdraft.UpdateOverdrawLimit(5, DAY, TIME, MAC), 4),
    (psam.InitSamForPurchase(b"rand", 3, 2, 9, DAY, TIME, 1, 0, (bytes(8),)), 8),
    (purse.InitializeForLoad(1, 1, TERMINAL), 16),
    (purse.CreditForLoad(DAY, TIME, MAC), 4),
    (purse.InitializeForPurchase(1, 2, TERMINAL), 15),
    (purse.DebitForPurchase(7, DAY, TIME, MAC), 8),
    (purse_questions.GetTransactionProve(9, 1), 8),
    (purse_questions.GetBalance(), 4),
    (social_account.GetMedicalBalance(social_account.MedicalAccount.POOLED_IN_PATIENT), 6),
    (social_account.InitializeMedicalLoad(1, 1, TERMINAL), 16),
    (unload.InitializeForUnload(1, 1, TERMINAL), 16),
    (unload.DebitForUnload(DAY, TIME, MAC), 4),
)

# What several inputs are read as: records whose rest is passed over, and P2 that may be written in two ways.
SEVERAL_FORMS = {
    "fci.DirectoryInformation.decode",
    "fci.FileControlParameters.decode",
    "tlv.FileControlInformation.decode",
    "transit.TUnionManagementData.decode",
    "purse.UpdateCompoundCache.from_command",
}

# Functions that read bytes from outside: (function as it is called here, function, how it is written, what it reads).
FUNCTIONS: tuple[tuple[str, Callable[[bytes], Any], Callable[[Any], bytes] | None, bytes], ...] = (
    ("administration.parse_file_body", administration.parse_file_body, lambda body: body.encode(), FILE_BODY.encode()),
    ("atr.chip_serial_of", atr.chip_serial_of, None, atr.AnswerToReset(bytes(8)).encode()),
    ("bcd.digits_of", bcd.digits_of, bcd.bcd, b"\x12\x34"),
    ("bcd.instant_from_bcd", bcd.instant_from_bcd, bcd.bcd_instant, MOMENT),
    ("bcd.day_from_bcd", bcd.day_from_bcd, bcd.bcd_day, DAY),
    ("card_number.printed_number", card_number.printed_number, lambda text: bcd.bcd("0" + text), identifiers.SERIAL),
    ("card_number.card_factor", card_number.card_factor, None, identifiers.SERIAL),
    ("crypto.decrypt_from_host", lambda raw: crypto.decrypt_from_host(KEY, raw), lambda plain: crypto.encrypt_for_card(KEY, plain),
     crypto.encrypt_for_card(KEY, b"secret")),
    ("sm4.decrypt_from_host", lambda raw: sm4.decrypt_from_host(KEY, raw), lambda plain: sm4.encrypt_for_card(KEY, plain),
     sm4.encrypt_for_card(KEY, b"secret")),
    ("known_cards.digits", known_cards.digits, bcd.bcd, b"\x12"),
    ("known_cards.digits_after_first", known_cards.digits_after_first, lambda text: bcd.bcd("0" + text), b"\x01"),
    ("known_cards.hexadecimal", known_cards.hexadecimal, bytes.fromhex, b"\x0a"),
    ("known_cards.little_endian", known_cards.little_endian, None, bytes(4)),
    ("known_cards.big_endian", known_cards.big_endian, None, bytes(4)),
    ("known_cards.city_code", known_cards.city_code, None, bytes(30)),
    ("known_cards.city_union_number", known_cards.city_union_number, None, bytes(30)),
    ("pin.unpack_pin", pin.unpack_pin, pin.pack_pin, b"\x12\x34\x5f"),
    ("protection.unprotect", lambda raw: protection.unprotect(CommandApdu.from_bytes(raw), KEY, bytes(4)), None,
     protection.protect(bytes.fromhex("04D69500"), b"new", KEY, bytes(4)).to_bytes()),
    ("protection.unprotect encrypted", lambda raw: protection.unprotect(CommandApdu.from_bytes(raw), KEY, bytes(8), encrypted=True),
     None, protection.protect(bytes.fromhex("84D40100"), b"new", KEY, bytes(8), encrypt=True).to_bytes()),
    ("psam.terminal_number", psam.terminal_number, bytes, TERMINAL),
    ("purse_questions.shown_balance_fen",
     lambda raw: purse_questions.shown_balance_fen(dialect.T_UNION, [raw[:4], raw[4:]]), None, bytes(8)),
    ("social_security.decode_record", lambda raw: social_security.decode_record(raw, 9),
     lambda value: social_security.encode_record(9, value), b"\x09\x01A"),
    ("social_security.decode_digits", lambda raw: social_security.decode_digits("digits", raw), None, b"\x12\xff"),
    ("social_files.SocialRecord.shown", lambda raw: social_files.SocialRecord.decode(raw).shown(), None,
     card_samples.SOCIAL_VERSION_RECORD),
    ("text.decode_text", lambda raw: text.decode_text("name", "name", raw), None, "王".encode("gb18030")),
    ("tlv.parse", tlv.parse, tlv.build, card_samples.TUNION_FCI),
    ("tlv.parse_tree", tlv.parse_tree, lambda nodes: b"".join(node.encode() for node in nodes), card_samples.TUNION_FCI),
    ("tpdu.command_from_t0", lambda raw: tpdu.command_from_t0(raw, incoming=False), tpdu.t0_bytes, b"\x00\xb0\x95\x00\x1e"),
    ("tpdu.command_from_t0 incoming", lambda raw: tpdu.command_from_t0(raw, incoming=True), tpdu.t0_bytes, b"\x00\xa4\x00\x00\x02??"),
    ("iso.place_in_binary", lambda raw: iso.place_in_binary(CommandApdu.from_bytes(raw)), None, b"\x00\xb0\x95\x00\x1e"),
    ("iso.place_in_record_file", lambda raw: iso.place_in_record_file(CommandApdu.from_bytes(raw)), None, b"\x00\xb2\x01\xc4\x17"),
)  # fmt: skip

# Public functions that take bytes first and are no decoders: what they take is the city's own (keys, fields, names).
NO_DECODERS = {
    "blocking": {"block_application", "unblock_application", "block_card"},
    "command_form": {"build"},
    "iso": {"select_application", "external_authenticate", "internal_authenticate"},
    "pin": {"reload_pin_mac"},
    "protection": {"protect"},
    "social_security": {"card_id_mac"},
    "tlv": {"application_fci", "directory_fci"},
}
OUR_OWN_INPUT_ONLY = {"crypto", "sm4", "signed_inputs"}
"""Modules of pure cryptography: what of them reads bytes from outside stands in FUNCTIONS."""


def name_of(function: Any) -> str:
    """`purse.InitializeForLoad.from_command`."""
    return f"{function.__module__.removeprefix('hardware.card.')}.{function.__qualname__}"


def cut_records(raw: bytes) -> tuple[bytes, ...]:
    """The bytes as `tag length value` records, the last one as it is."""
    found: list[bytes] = []
    while raw and len(found) < 20:
        end = 2 + raw[1] if len(raw) > 1 else 1
        found.append(raw[:end])
        raw = raw[end:]
    return tuple(found)


def meant_by(decoder: Decoder, raw: bytes) -> bytes:
    """The bytes that writing must give back: of a command all but its Le."""
    return without_le(CommandApdu.from_bytes(raw)) if decoder.name.endswith(".from_command") else raw


def without_le(command: CommandApdu) -> bytes:
    """What a command means: Le may be there or not."""
    return command.header() + command.data


def _of_command(value: Any) -> Decoder:
    kind = type(value)
    name = name_of(kind.from_command)
    return Decoder(
        name,
        lambda raw: kind.from_command(CommandApdu.from_bytes(raw)),
        None if name in SEVERAL_FORMS else lambda read: without_le(read.command()),
        (value.command().to_bytes(),),
    )


def _of_value(value: Any) -> Decoder:
    reads = getattr(type(value), "decode", None) or type(value).from_bytes
    writes = "encode" if hasattr(value, "encode") else "to_bytes"
    several = name_of(reads) in SEVERAL_FORMS
    write = None if several else lambda read: bytes(6) if read is None else getattr(read, writes)()
    return Decoder(name_of(reads), reads, write, (getattr(value, writes)(),))


def _all() -> Iterator[Decoder]:
    yield from map(_of_value, VALUES)
    yield from map(_of_command, COMMANDS)
    for command, length in ANSWERS:
        yield Decoder(name_of(type(command).parse), command.parse, None, (bytes(length),))
    for name, read, write, sample in FUNCTIONS:
        yield Decoder(name, read, write, (sample,))
    shorts = (b"\x00\xa4\x00\x00", b"\x00\x84\x00\x00\x08", b"\x00\xa4\x00\x00\x02\x3f\x00\x00")
    extended = (
        CommandApdu(0, 0xB0, 0, 0, le=65_536, extended=True),
        CommandApdu(0, 0xD6, 0, 0, bytes(300), 5, extended=True),
    )
    raw_commands = (*shorts, *(command.to_bytes() for command in extended))
    yield Decoder("apdu.CommandApdu.from_bytes", CommandApdu.from_bytes, CommandApdu.to_bytes, raw_commands)
    yield Decoder("fci.SelectedFile.decode", fci.SelectedFile.decode, None, (card_samples.TUNION_FCI, b"\x62\x00"))
    for records in (ISSUER, PERSON):
        kind = type(records)
        yield Decoder(
            name_of(kind.decode),
            partial(_of_records, kind),
            lambda read: b"".join(read.encode()),
            (b"".join(records.encode()),),
        )
    for card in known_cards.KNOWN_CARDS:
        if card.number is not None:
            yield Decoder(f"known_cards.Number.decode {card.slug}", card.number.decode, None, (bytes(40),))
        if card.days is not None:
            content = bytearray(60)
            for place in (card.days.first, card.days.last):
                content[place : place + 4] = DAY
            yield Decoder(f"known_cards.Days.decode {card.slug}", card.days.decode, None, (bytes(content),))


def _of_records(kind: Any, raw: bytes) -> Any:
    return kind.decode(cut_records(raw))


DECODERS = tuple(_all())
"""All of them."""


def found_by_introspection() -> set[str]:
    """Every class method that reads, and every public function that takes bytes first, in all of hardware.card."""
    found: set[str] = set()
    for info in pkgutil.iter_modules(hardware.card.__path__):
        module = importlib.import_module(f"hardware.card.{info.name}")
        for name, thing in vars(module).items():
            if getattr(thing, "__module__", None) != module.__name__ or name.startswith("_"):
                continue
            if inspect.isclass(thing) and not getattr(thing, "_is_protocol", False):
                found |= {f"{info.name}.{name}.{method}" for method in METHODS if method in vars(thing)}
            elif inspect.isfunction(thing) and info.name not in OUR_OWN_INPUT_ONLY and _takes_bytes(thing):
                found.add(f"{info.name}.{name}")
    return found - {f"{module}.{name}" for module, names in NO_DECODERS.items() for name in names}


def _takes_bytes(function: Callable[..., Any]) -> bool:
    first = next(iter(inspect.signature(function).parameters.values()), None)
    return first is not None and first.annotation is bytes
