"""Commands and answers on the wire."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.errors import MalformedCardData

byte = st.integers(0, 255)
commands = st.builds(
    CommandApdu, byte, byte, byte, byte, st.binary(max_size=255), st.one_of(st.none(), st.integers(1, 256))
)


@given(commands)
def test_a_command_arrives_as_it_was_sent(command: CommandApdu) -> None:
    """Every command of the four short cases survives the wire."""
    assert CommandApdu.from_bytes(command.to_bytes()) == command


@given(st.binary(max_size=300))
@example(bytes.fromhex("00A4000000"))
@example(bytes.fromhex("00A40000000000"))
def test_whatever_a_reader_sends_is_read_or_refused(raw: bytes) -> None:
    """Rubbish on the wire is refused with the one declared error; what is read writes back to the same bytes."""
    try:
        command = CommandApdu.from_bytes(raw)
    except MalformedCardData:
        return
    assert command.to_bytes() == raw


@given(st.binary(max_size=256), st.integers(0, 0xFFFF))
def test_an_answer_arrives_as_it_was_sent(data: bytes, sw: int) -> None:
    """Every answer survives the wire."""
    response = ResponseApdu(data, sw)
    assert ResponseApdu.from_bytes(response.to_bytes()) == response
    assert response.ok == (sw == 0x9000)


@pytest.mark.parametrize("raw", [b"", b"\x90", bytes(259)])
def test_an_answer_without_status_or_too_long_is_refused(raw: bytes) -> None:
    """A faulty reader cannot make up an answer."""
    with pytest.raises(MalformedCardData):
        ResponseApdu.from_bytes(raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("00A40000", CommandApdu(0, 0xA4, 0, 0)),
        ("008400000 8".replace(" ", ""), CommandApdu(0, 0x84, 0, 0, le=8)),
        ("00B2010400", CommandApdu(0, 0xB2, 1, 4, le=256)),
        ("00A40000023F00", CommandApdu(0, 0xA4, 0, 0, b"\x3f\x00")),
        ("00A40000023F0000", CommandApdu(0, 0xA4, 0, 0, b"\x3f\x00", 256)),
    ],
)
def test_the_four_cases(raw: str, expected: CommandApdu) -> None:
    """With and without data, with and without Le: cards accept the 16- and the 17-byte form of INITIALIZE."""
    assert CommandApdu.from_bytes(bytes.fromhex(raw)) == expected


@pytest.mark.parametrize("ins", [0x20, 0x24, 0x5E, 0xD4, 0xD6, 0xDC, 0xE2])
def test_no_log_ever_shows_a_pin_a_key_or_a_name(ins: int) -> None:
    """A command that may hold a secret shows its header and length only."""
    shown = repr(CommandApdu(0x84, ins, 1, 2, bytes.fromhex("123456789A")))
    assert "123456" not in shown
    assert "5 bytes" in shown
    assert "9A" not in repr(ResponseApdu(bytes.fromhex("9A9A")))


def test_public_commands_show_their_data() -> None:
    """A trace of a tap can be read by an engineer."""
    assert repr(CommandApdu(0, 0xA4, 0, 0, b"\x10\x01", 256)) == "CommandApdu(00A40000 1001 Le 256)"
    assert repr(ResponseApdu(b"", 0x9302)) == "ResponseApdu(9302)"


@pytest.mark.parametrize(
    "call",
    [
        lambda: CommandApdu(256, 0, 0, 0),
        lambda: CommandApdu(0, -1, 0, 0),
        lambda: CommandApdu(0, 0, 0, 0, bytes(256)),
        lambda: CommandApdu(0, 0, 0, 0, le=0),
        lambda: CommandApdu(0, 0, 0, 0, le=257),
        lambda: ResponseApdu(b"", 0x10000),
    ],
)
def test_our_own_mistakes_stop_at_once(call: object) -> None:
    """A value that cannot travel is never built."""
    assert callable(call)
    with pytest.raises(ValueError, match=r"must be|at most"):
        call()


@pytest.mark.parametrize(
    ("raw", "expected", "case"),
    [
        ("00B00000000000", CommandApdu(0, 0xB0, 0, 0, le=65_536, extended=True), "2E"),
        ("00B00000000200", CommandApdu(0, 0xB0, 0, 0, le=512, extended=True), "2E"),
        ("00D6000000 0003 616263", CommandApdu(0, 0xD6, 0, 0, b"abc", extended=True), "3E"),
        ("00A4040000 0003 616263 0000", CommandApdu(0, 0xA4, 4, 0, b"abc", 65_536, extended=True), "4E"),
    ],
)
def test_the_extended_cases(raw: str, expected: CommandApdu, case: str) -> None:
    """Newer cards are asked for more than 256 bytes at once; a short command in extended form keeps its form."""
    assert CommandApdu.from_bytes(bytes.fromhex(raw)) == expected
    assert expected.to_bytes() == bytes.fromhex(raw)
    assert expected.case == case


def test_each_short_case_is_named() -> None:
    """A trace tells the four cases apart."""
    short = [
        CommandApdu(0, 0, 0, 0),
        CommandApdu(0, 0, 0, 0, le=1),
        CommandApdu(0, 0, 0, 0, b"x"),
        CommandApdu(0, 0, 0, 0, b"x", 1),
    ]
    assert [command.case for command in short] == ["1", "2S", "3S", "4S"]


@given(st.builds(
    CommandApdu, byte, byte, byte, byte, st.binary(min_size=1, max_size=600), st.one_of(st.none(), st.integers(1, 65_536)),
    st.just(value=True),
))  # fmt: skip
def test_an_extended_command_arrives_as_it_was_sent(command: CommandApdu) -> None:
    """Every extended command with data survives the wire."""
    assert CommandApdu.from_bytes(command.to_bytes()) == command


@pytest.mark.parametrize("raw", ["00B0000000 00", "00B0000000 0002 61", "00B0000000 0001 6161", "00B0000000 0000 00"])
def test_half_extended_commands_are_refused(raw: str) -> None:
    """A cut extended length is not taken for a short one."""
    with pytest.raises(MalformedCardData):
        CommandApdu.from_bytes(bytes.fromhex(raw))


def test_long_answers_come_to_extended_commands_only() -> None:
    """A reader that answers 300 bytes to a short command is faulty."""
    assert len(ResponseApdu.from_bytes(bytes(302), extended=True).data) == 300
    with pytest.raises(MalformedCardData):
        ResponseApdu.from_bytes(bytes(65_539), extended=True)
    with pytest.raises(ValueError, match="extended must be"):
        CommandApdu(0, 0, 0, 0, extended=True)


def test_warnings_are_told_from_errors() -> None:
    """62xx and 63xx may carry data."""
    assert ResponseApdu(b"", 0x6283).warning
    assert ResponseApdu(b"", 0x63C2).warning
    assert not ResponseApdu(b"", 0x6A82).warning
    assert not ResponseApdu(b"", 0x9000).warning
