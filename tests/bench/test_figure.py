"""A figure's verdict and the rounds it is taken from."""

import os

from bench.figure import Figure, interleaved_rates, one_core


def test_only_judged_ratios_decide_the_exit_code() -> None:
    """A slow machine fails nobody: what is short of an absolute bar is shown, what is short of a reference fails the run."""
    assert Figure("posting", 15, "reference", 100, 0.15).passes
    assert not Figure("posting", 14, "reference", 100, 0.15).passes
    assert not Figure("proof", 50_000, "absolute bar", 60_000, 1.0, judged=False).reached
    assert Figure("proof", 50_000, "absolute bar", 60_000, 1.0, judged=False).passes
    assert Figure("memory", 299, "absolute bar", 300, 1.0, at_most=True).reached
    assert not Figure("memory", 301, "absolute bar", 300, 1.0, at_most=True).reached
    assert Figure("a peer", 1, "ours", 1_000, None).passes


def test_jobs_take_turns_and_the_first_round_does_not_count() -> None:
    """One slow moment of the machine must not decide for or against anybody."""
    order: list[str] = []

    def job(name: str, *rates: float) -> float:
        order.append(name)
        return rates[order.count(name) - 1]

    found = interleaved_rates({"a": lambda: job("a", 1e9, 3, 1, 2), "b": lambda: job("b", 0, 7, 7, 100)}, rounds=3)
    assert found == {"a": 2, "b": 7}
    assert order == ["b", "a", "a", "b", "b", "a", "a", "b"]


def test_one_core_and_the_rest_given_back() -> None:
    """What is said to run on one processor does, and nothing after it."""
    before = os.sched_getaffinity(0)
    with one_core() as core:
        assert os.sched_getaffinity(0) == {core}
    assert os.sched_getaffinity(0) == before
