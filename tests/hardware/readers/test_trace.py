"""A trace names what passes between program and card, and never shows a PIN, a key or a name."""

import pytest

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.errors import CardRemoved
from hardware.readers.trace import TracedCard, answered, is_open, name_of, written
from tests.hardware.readers.scripted import ScriptedCard

CANARY = "C0FFEE5EC4E7C0FFEE5EC4E7C0FFEE5E"
SECRET = (
    "0020000010",
    "0024000010",
    "002C000010",
    "805E000010",
    "805E010010",
    "84D4010010",
    "80D4010010",
    "8424000010",
)
PERSONAL = ("00D6960010", "04DC013410", "00E2003010", "80FA000010", "FF82000010", "B028000110")


def command(raw: str) -> CommandApdu:
    return CommandApdu.from_bytes(bytes.fromhex(raw))


@pytest.mark.parametrize("header", SECRET + PERSONAL)
def test_secrets_are_masked(header: str) -> None:
    """Whatever may hold a PIN, a key or a name, and every command that nobody here knows, shows only its length."""
    said: list[str] = []
    card = TracedCard(ScriptedCard("3B00", {}), said.append, show=True)
    card.transmit(command(header + CANARY))
    assert not is_open(command(header + CANARY))
    assert CANARY not in "\n".join(said)
    assert f"{header} <16 bytes masked>" in said[1]


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("00A40000023F00", "SELECT"),
        ("8050000205AABBCCDDEE10", "INITIALIZE FOR LOAD"),
        ("8050030205AABBCCDDEE10", "INITIALIZE FOR CAPP PURCHASE"),
        ("8054010001AA08", "DEBIT FOR PURCHASE"),
        ("8054030001AA04", "DEBIT FOR UNLOAD"),
        ("80DC00F001AA", "UPDATE CAPP DATA CACHE"),
        ("805E000002AABB", "RELOAD PIN"),
        ("805E010002AABB", "CHANGE PIN"),
        ("84D4010001AA", "WRITE KEY"),
        ("04D6950001AA", "UPDATE BINARY"),
        ("FFCA000000", "GET UID or ATS from the reader"),
        ("E0CA00001E", "command E0 CA"),
    ],
)
def test_commands_are_named(raw: str, name: str) -> None:
    """By the standard's names, also in their protected form."""
    assert name_of(command(raw)) == name


def test_answers_are_shown_on_demand() -> None:
    """Their data may be a card number: its length is enough for most."""
    response = ResponseApdu(b"\x01\x02", 0x9000)
    assert answered(response, show=False) == "<2 bytes> 9000 done"
    assert answered(response, show=True) == "0102 9000 done"
    assert answered(ResponseApdu(b"", 0x9401), show=True) == "9401 balance insufficient"
    assert written(command("00B0950000")) == "00B0950000"


def test_loss_and_reset_are_told() -> None:
    """A trace of a torn card ends with the command that was not answered."""
    said: list[str] = []
    inner = ScriptedCard("3B00", {"805C000204": None})
    card = TracedCard(inner, said.append, reset=inner.reset)
    assert card.reset() == card.atr == b"\x3b\x00"
    with pytest.raises(CardRemoved):
        card.transmit(command("805C000204"))
    assert said == ["ATR <2 bytes>", "reset", "> 805C000204  GET BALANCE", "< no answer: pulled"]
    with pytest.raises(CardRemoved, match="cannot be reset"):
        TracedCard(inner, said.append).reset()
