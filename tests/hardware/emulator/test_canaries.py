"""Keys, PINs and names that are planted in a card stay in it: no repr, message, trace or log shows them."""

import json
import logging
import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from hardware.card import pin, profile, protection
from hardware.card.apdu import CommandApdu
from hardware.card.channel import send
from hardware.card.purse import get_challenge
from hardware.emulator import CardImage, ChipOptions, EmulatedCard, EmulatedReader
from hardware.errors import CardImageInvalid, HardwareError
from hardware.readers.trace import TracedCard
from tests.hardware.emulator.transactions import answer, begin_purchase, card_in_field, debit_command

CANARY_KEY = b"\xca\xfe\xba\xbe\x0d\xdb\xa1\x15\xfe\xed\xfa\xce\xca\x11\xab\x1e"
CANARY_PIN = "908172635445"
CANARY_NAME = "金丝雀".encode("gb18030")
SECRETS = (CANARY_KEY, bytes.fromhex(CANARY_PIN), CANARY_NAME)


def planted() -> EmulatedCard:
    """A card of which every key is the canary, and so are its PIN and its holder's name."""
    card = card_in_field(options=ChipOptions(transport="T=0"))
    directory = card.image.master_file.directories[profile.PURSE_ADF_FID]
    for name, key in directory.keys.items():
        value = bytes.fromhex(CANARY_PIN) if key.kind == 0x3A else CANARY_KEY
        directory.keys[name] = replace(key, value=value)
    file = directory.files[profile.CARDHOLDER_FID]
    directory.files[profile.CARDHOLDER_FID] = file.with_content(2, CANARY_NAME)
    return card


def assert_silent(text: str) -> None:
    for secret in SECRETS:
        for form in (secret.hex(), secret.hex(" "), repr(secret)[2:-1], str(list(secret))[1:-1]):
            assert form.casefold() not in text.casefold()
    assert CANARY_PIN not in text
    assert "金丝雀" not in text


def test_no_repr_trace_or_log_shows_a_canary(caplog: pytest.LogCaptureFixture) -> None:
    """Card, chip, memory, begun transactions, cached records, commands and answers: shown without what they hold."""
    caplog.set_level(logging.DEBUG)
    card, told = planted(), list[str]()
    traced = TracedCard(card, told.append)
    commands = [
        pin.verify_pin(CANARY_PIN),
        CommandApdu(0x00, 0xB0, 0x96, 0x00, le=55),
        pin.change_pin(CANARY_PIN, CANARY_PIN),
        pin.verify_pin("111111"),
        debit_command(begin_purchase(card, 0), 0),
        CommandApdu(0x80, 0x50, 3, 2, bytes.fromhex("0100000000330200000001"), 15),
        CommandApdu(0x80, 0xDC, 0, profile.TRIP_SFI << 3, bytes(48)),
    ]
    challenge = send(card, get_challenge(4))
    record = profile.CardProfile().purse_keys[0].record(CANARY_KEY).encode()
    commands.insert(0, protection.protect(bytes.fromhex("84D43E01"), record, CANARY_KEY, challenge, encrypt=True))
    for command in commands:
        told += [repr(command), repr(traced.transmit(command))]
        chip = card._chip
        told += [repr(part) for part in (card, card.image, chip, chip.ram, chip.directory, card.image._content)]
    assert_silent("\n".join(told) + caplog.text)


def test_no_error_shows_a_canary(tmp_path: Path) -> None:
    """Damaged, foreign and unreadable images, and tears with a PIN on the way: the message names the fault only."""
    card = planted()
    file = tmp_path / "card.json"
    card.image.save(file)
    document = json.loads(file.read_text())
    damaged = [{**document, "realm": "production"}, {**document, "kind": CANARY_KEY.hex()}]
    for name, value in (
        ("kind", -1),
        ("value", CANARY_KEY.hex() + "Z"),
        ("use", CANARY_KEY.hex()),
        ("identifier", 999),
    ):
        changed = json.loads(file.read_text())
        changed["master_file"]["directories"][0]["keys"][0][name] = value
        damaged.append(changed)
    for text in [*(json.dumps(one) for one in damaged), file.read_text()[:-40], CANARY_KEY.hex()]:
        file.write_text(text)
        with pytest.raises(CardImageInvalid) as refused:
            EmulatedReader(tmp_path).insert("card.json")
        assert_silent("".join(traceback.format_exception(refused.value)))
    card.tear(0, "inside")
    with pytest.raises(HardwareError) as torn:
        answer(card, pin.verify_pin(CANARY_PIN))
    assert_silent("".join(traceback.format_exception(torn.value)))


def test_an_image_is_the_one_place_and_of_the_test_realm_only(tmp_path: Path) -> None:
    """The file holds the keys, is its owner's alone, says so by its realm, and is refused with any other; memory writes no file."""
    card = planted()
    answer(card, pin.verify_pin("111111"))
    assert list(tmp_path.iterdir()) == []
    file = tmp_path / "card.json"
    card.image.save(file)
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text()
    assert CANARY_KEY.hex().upper() in text
    assert json.loads(text)["realm"] == "test"
    file.write_text(text.replace('"realm":"test"', '"realm":"production"'))
    with pytest.raises(CardImageInvalid, match="realm test"):
        CardImage.load(file)
