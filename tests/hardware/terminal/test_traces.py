"""Names of on-line events: never given twice, whatever is switched off when."""

from pathlib import Path

import pytest

from hardware.terminal.errors import DeviceInvalid
from hardware.terminal.traces import MAX_OPEN, EventName, Traces
from tests.hardware.terminal.records import TERMINAL


def test_names_rise_and_survive_a_cut_of_power(tmp_path: Path) -> None:
    """A terminal that was switched off in the middle never asks for two things under one name, and knows what is open."""
    path = tmp_path / "traces.json"
    traces = Traces(path, TERMINAL)
    traces.begin(5)
    first, second = traces.take(), traces.take()
    assert [first, second] == [EventName(TERMINAL, 5, 1), EventName(TERMINAL, 5, 2)]
    traces.close(first)
    again = Traces(path, TERMINAL)
    assert again.open_names() == [second]
    assert again.take().trace == 3
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_new_batch_counts_anew_and_an_old_one_does_not(tmp_path: Path) -> None:
    """A sign-in whose answer came late cannot take the count back."""
    traces = Traces(tmp_path / "traces.json", TERMINAL)
    traces.begin(5)
    traces.take()
    for batch in (5, 4):
        traces.begin(batch)
        assert traces.take().batch == 5
    traces.begin(6)
    assert traces.take() == EventName(TERMINAL, 6, 1)
    assert len(traces.open_names()) == 4


def test_nothing_is_named_before_sign_in_or_when_too_much_is_open(tmp_path: Path) -> None:
    """A terminal without a batch asks for nothing, and one without a line does not pile up what it must take back."""
    traces = Traces(tmp_path / "traces.json", TERMINAL)
    with pytest.raises(DeviceInvalid):
        traces.take()
    traces.begin(1)
    for _ in range(MAX_OPEN):
        traces.take()
    with pytest.raises(DeviceInvalid):
        traces.take()


@pytest.mark.parametrize("content", ["", "[]", '{"format": 2, "batch": 1, "trace": 1, "open": []}', '{"format": 1}'])
def test_a_file_that_cannot_be_read_stops_the_terminal(tmp_path: Path, content: str) -> None:
    """A damaged counter is never taken for a new one: names would be used twice."""
    path = tmp_path / "traces.json"
    path.write_text(content)
    with pytest.raises(DeviceInvalid):
        Traces(path, TERMINAL)
