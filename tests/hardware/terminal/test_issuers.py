"""The list of issuers on the device."""

import pytest

from hardware.errors import MalformedCardData
from hardware.terminal.issuers import IssuerList

SHANGHAI = {"issuer": "01012000FFFFFFFF", "city": "2000", "name": "Shanghai"}


def test_listed_issuer_is_known_by_name() -> None:
    """The display can say which city a card is from."""
    found = IssuerList.parse({"version": 3, "issuers": [SHANGHAI]})
    assert (found.version, found.names) == (3, {bytes.fromhex("01012000FFFFFFFF"): "Shanghai"})


@pytest.mark.parametrize(
    "document",
    [
        None,
        {"issuers": []},
        {"version": "1", "issuers": []},
        {"version": 1, "issuers": {}},
        {"version": 1, "issuers": [SHANGHAI] * 1_001},
        {"version": 1, "issuers": ["0101"]},
        {"version": 1, "issuers": [{"issuer": "0101"}]},
        {"version": 1, "issuers": [{"issuer": "zz"}]},
    ],
)
def test_what_is_no_list_is_refused(document: object) -> None:
    """A broken download changes nothing."""
    with pytest.raises(MalformedCardData, match="issuers"):
        IssuerList.parse(document)
