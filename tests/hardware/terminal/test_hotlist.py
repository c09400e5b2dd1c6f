"""The hotlist on the device: a list it can trust, or none."""

import pytest

from hardware.errors import MalformedCardData
from hardware.terminal.hotlist import Hotlist
from tests.hardware.terminal.records import SERIAL


def test_a_listed_card_is_known() -> None:
    """A reported-lost card is refused where its list has arrived."""
    hotlist = Hotlist.parse({"version": 12, "serials": [SERIAL.hex().upper()]})
    assert hotlist.version == 12
    assert SERIAL in hotlist.serials
    assert SERIAL not in Hotlist().serials


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        {"version": "1", "serials": []},
        {"version": 1},
        {"version": 1, "serials": ["0310"]},
        {"version": 1, "serials": [7]},
    ],
)
def test_what_is_no_hotlist_is_refused(document: object) -> None:
    """A broken download never empties the list that the device holds."""
    with pytest.raises(MalformedCardData, match="hotlist"):
        Hotlist.parse(document)
