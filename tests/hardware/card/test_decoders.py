"""Every decoder of the card's language: any bytes give a value or the documented error, and what is read is written back."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hardware.card.apdu import CommandApdu
from hardware.errors import MalformedCardData
from tests.hardware.card import decoders
from tests.hardware.card.decoders import COMMANDS, DECODERS, VALUES, Decoder, meant_by


@st.composite
def damaged(draw: st.DrawFn, samples: tuple[bytes, ...]) -> bytes:
    """A sample with a few bytes changed, put in, or cut off: deeper than noise alone comes."""
    raw = bytearray(draw(st.sampled_from(samples)))
    for place, change, byte in draw(
        st.lists(st.tuples(st.integers(0, 400), st.integers(0, 2), st.integers(0, 255)), max_size=4)
    ):
        at = place % (len(raw) + 1)
        if change == 0 and at < len(raw):
            raw[at] = byte
        elif change == 1:
            raw.insert(at, byte)
        else:
            del raw[at:]
    return bytes(raw)


def read(decoder: Decoder, raw: bytes) -> object:
    """The value, or None when the decoder refuses; every other error is the decoder's fault and comes out."""
    try:
        return decoder.read(raw)
    except MalformedCardData:
        return None


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.name)
def test_any_bytes_are_read_or_refused_and_written_back(decoder: Decoder) -> None:
    """No card, reader or forger can bring a terminal or the server down by what it sends, and nothing is read in two ways."""

    @settings(max_examples=25)
    @given(st.one_of(damaged(decoder.samples), damaged(decoder.samples), st.binary(max_size=80)))
    @example(b"")
    def check(raw: bytes) -> None:
        value = read(decoder, raw)
        if value is not None and decoder.write is not None:
            assert decoder.write(value) == meant_by(decoder, raw)

    check()
    for sample in decoder.samples:
        decoder.read(sample)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_survives(value: object) -> None:
    """What one side writes the other side reads."""
    kind = type(value)
    if hasattr(value, "encode"):
        assert kind.decode(value.encode()) == value  # type: ignore[attr-defined]  # every value of the list has both
    else:
        assert kind.from_bytes(value.to_bytes()) == value  # type: ignore[attr-defined]  # the same


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_a_command_survives(command: object) -> None:
    """What a terminal asks is what the card hears, with and without Le."""
    sent = command.command()  # type: ignore[attr-defined]  # every value of the list has it
    kind = type(command)
    assert kind.from_command(CommandApdu.from_bytes(sent.to_bytes())) == command  # type: ignore[attr-defined]  # the same


def test_no_decoder_is_forgotten() -> None:
    """Whoever writes a new decoder must put it into the list, or this fails."""
    listed = {decoder.name.split(" ")[0] for decoder in DECODERS}
    assert decoders.found_by_introspection() - listed == set()
    assert {name.rsplit(".", 1)[0] for name in decoders.SEVERAL_FORMS} <= {name.rsplit(".", 1)[0] for name in listed}
