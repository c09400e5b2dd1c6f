"""Status words in words."""

import pytest

from hardware.card.status import Action, StatusWord, describe, explain, refusal, tries_left


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


@pytest.mark.parametrize("status", StatusWord)
def test_every_status_word_is_explained_in_both_languages(status: StatusWord) -> None:
    """A clerk reads it in Chinese, an engineer in English, and a terminal knows what to do."""
    found = explain(status)
    assert found.name == status.name
    assert found.english != found.chinese
    assert found.chinese
    assert not found.chinese.isascii() or status is StatusWord.OK
    assert isinstance(found.action, Action)


@pytest.mark.parametrize(
    ("sw", "action"),
    [
        (0x9000, Action.PROCEED),
        (0x6A83, Action.PROCEED),
        (0x6105, Action.FETCH),
        (0x6C05, Action.REPEAT_WITH_LE),
        (0x63C2, Action.ASK_AGAIN),
        (0x63C0, Action.UNBLOCK),
        (0x6983, Action.UNBLOCK),
        (0x9401, Action.TOP_UP),
        (0x9301, Action.TOP_UP),
        (0x9302, Action.STOP),
        (0x9303, Action.TAKE_BACK),
        (0x9402, Action.TAKE_BACK),
        (0x9403, Action.OTHER_KEY),
        (0x9406, Action.ASK_HOST),
        (0x6985, Action.BEGIN_AGAIN),
        (0x1234, Action.STOP),
    ],
)
def test_a_terminal_knows_what_to_do(sw: int, action: Action) -> None:
    """A rider without money is sent to the machine, a wrong MAC stops everything, a dead card is taken back."""
    assert explain(sw).action is action


def test_words_that_look_alike_are_told_apart() -> None:
    """9301 and 9401 both refuse money, and are two words of two makers."""
    assert describe(0x9301) != describe(0x9401)
    assert explain(0x63C2).chinese == "校验失败，还可试 2 次"
