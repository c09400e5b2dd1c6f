"""Figures that many people watch at once."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.pages.board import FRESH_S, REST, Kept


class Ticking:
    """Seconds that a test moves on."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_within_a_second_one_answer_serves_all() -> None:
    """However many people look, the database is asked once a second."""
    ticking, numbers = Ticking(), itertools.count(1)
    kept = Kept(lambda: next(numbers), ticking)
    assert [kept.get() for _ in range(1_000)] == [1] * 1_000
    ticking.now_s += FRESH_S
    assert kept.get() == 2


def test_slow_question_is_asked_seldom() -> None:
    """In a city where counting takes four seconds, the database rests for 36."""
    ticking, asked = Ticking(), []

    def slow() -> int:
        ticking.now_s += 4
        asked.append(0)
        return len(asked)

    kept = Kept(slow, ticking)
    assert kept.get() == 1
    ticking.now_s += 4 * REST - 1
    assert kept.get() == 1
    ticking.now_s += 1
    assert kept.get() == 2


def test_while_one_asks_the_others_do_not_wait() -> None:
    """A slow answer holds up nobody who can be shown the one before."""
    ticking, begun, go_on = Ticking(), threading.Event(), threading.Event()
    answers = iter(("first", "second"))

    def ask() -> str:
        answer = next(answers)
        if answer == "second":
            begun.set()
            assert go_on.wait(10)
        return answer

    kept = Kept(ask, ticking)
    assert kept.get() == "first"
    ticking.now_s += FRESH_S
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(kept.get)
        assert begun.wait(10)
        assert kept.get() == "first"
        go_on.set()
        assert asking.result(10) == "second"
    assert kept.get() == "second"


def test_very_first_visitors_wait_for_one_question() -> None:
    """When a server has just started and ten people are there already, one asks and ten are answered."""
    asked, lock = [], threading.Lock()

    def ask() -> int:
        with lock:
            asked.append(0)
        return len(asked)

    kept = Kept(ask)
    with ThreadPoolExecutor(10) as pool:
        found = [future.result(10) for future in [pool.submit(kept.get) for _ in range(10)]]
    assert found == [1] * 10


def test_failed_question_is_asked_again() -> None:
    """A database that was away for a moment is not kept away."""
    answers = iter((OSError("away"), "back"))

    def ask() -> str:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    kept = Kept(ask, Ticking())
    with pytest.raises(OSError, match="away"):
        kept.get()
    assert kept.get() == "back"
