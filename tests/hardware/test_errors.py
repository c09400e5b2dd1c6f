"""What card equipment says when it says no."""

from pathlib import Path

import pytest

from hardware import errors


@pytest.mark.parametrize(
    ("error", "fields"),
    [
        (errors.CardRefused(0x54, 0x9302, "MAC invalid"), {"ins": 0x54, "sw": 0x9302, "meaning": "MAC invalid"}),
        (errors.PsamRefused(0x70, 0x6985), {"ins": 0x70, "sw": 0x6985, "meaning": ""}),
        (errors.CardRemoved(), {}),
        (errors.MalformedCardData("EF15", "29 bytes, must be 30"), {"what": "EF15", "reason": "29 bytes, must be 30"}),
        (errors.CardImageInvalid(Path("a.json"), "not JSON"), {"reason": "not JSON"}),
        (errors.CardImageInUse(Path("a.json")), {}),
        (errors.NoReader(), {}),
        (errors.ReaderBusy(), {}),
        (errors.OutboxFull(10), {"limit": 10}),
        (errors.UplinkUnavailable(), {}),
        (errors.UplinkRefused(422, "bad", "no"), {"status": 422, "problem": "bad", "detail": "no"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_refusal_names_what_people_may_know(error: errors.HardwareError, fields: dict[str, object]) -> None:
    """A device can show the reason of every refusal, and nothing but the named fields leaves the house."""
    assert {name: getattr(error, name) for name in error.public} == fields
    assert error.code
    assert type(error).__doc__


def test_codes_are_unique() -> None:
    """A machine can tell the refusals apart."""
    found = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len({error.code for error in found if issubclass(error, errors.HardwareError)}) == len(found)
