"""How commands end: a script can rely on the number, a person on the sentence."""

import pytest

from hardware.cli.endings import one_sentence, yuan
from hardware.errors import CardImageInUse, CardRemoved, HardwareError, ReaderBusy, UplinkRefused, UplinkUnavailable
from hardware.readers.errors import RecordingDiffers, RecordingInvalid
from hardware.terminal.errors import DeviceInvalid, OutboxInvalid


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CardRemoved(), 1),
        (UplinkRefused(422, "enrolment_code_invalid", "wrong, used or expired"), 1),
        (DeviceInvalid("a", "b"), 3),
        (OutboxInvalid("a", "b"), 3),
        (RecordingInvalid("a", "b"), 3),
        (RecordingDiffers(1, "b"), 1),
        (ReaderBusy("a"), 4),
        (CardImageInUse("a"), 4),
        (UplinkUnavailable("no line"), 4),
    ],
)
def test_a_refusal_ends_with_its_number(error: HardwareError, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused, file unusable, try later: told apart."""
    with pytest.raises(SystemExit) as ended, one_sentence():
        raise error
    assert ended.value.code == code
    assert capsys.readouterr().err == f"error: {error}\n"


def test_our_own_mistakes_are_not_hidden() -> None:
    """A fault of the program is a stack trace, so that it is reported and mended."""
    with pytest.raises(ZeroDivisionError), one_sentence():
        _ = 1 // 0


def test_amounts_are_written_for_people() -> None:
    """Two decimals, always."""
    assert (yuan(0), yuan(5), yuan(12_345)) == ("¥0.00", "¥0.05", "¥123.45")
