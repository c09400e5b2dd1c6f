"""Refusals that are no fault of the caller."""

from api.faults import SERVER_FAULT, UNAVAILABLE
from api.statuses import STATUS


def test_what_is_our_fault_is_never_laid_at_the_callers_door() -> None:
    """A broken rule of ours answers 500, what is away for a while 503: a device keeps everything and asks again."""
    assert {STATUS[refusal] for refusal in SERVER_FAULT} == {500}
    assert {STATUS[refusal] for refusal in UNAVAILABLE} == {503}
    assert not set(SERVER_FAULT) & set(UNAVAILABLE)
