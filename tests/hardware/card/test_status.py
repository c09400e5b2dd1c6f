"""Status words in words."""

import pytest

from hardware.card.status import StatusWord, describe, refusal, tries_left


@pytest.mark.parametrize("status", StatusWord)
def test_every_status_word_has_a_meaning(status: StatusWord) -> None:
    """A clerk reads a sentence, not a number."""
    assert describe(status) != "unknown status word"


@pytest.mark.parametrize(
    ("sw", "words"),
    [
        (0x6108, "8 bytes are waiting"),
        (0x6C00, "wrong Le, must be 256"),
        (0x63C2, "verification failed, 2 tries left"),
        (0x9999, "unknown status word"),
    ],
)
def test_counted_and_unknown_ones(sw: int, words: str) -> None:
    """Words with a number in them say the number."""
    assert describe(sw) == words


def test_tries_are_told_only_by_63cx() -> None:
    """The holder hears how many tries are left, and nothing is guessed."""
    assert tries_left(0x63C0) == 0
    assert tries_left(0x6300) is None
    assert tries_left(0x6983) is None
    assert "MAC invalid" in str(refusal(0x54, 0x9302))
