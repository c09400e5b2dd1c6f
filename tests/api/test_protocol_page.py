"""The page that vendors build terminals from says what a device must do on every answer that it can get."""

import ast
import inspect
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from api import serving
from api.pages.docs import problems
from api.pages.language import Language
from tests.api.reachable import codes_of
from tests.api.registry import equip
from tests.api.signing import ALL, Wish
from tests.api.world import World, problem

PAGE = Path(__file__).parents[2] / "hardware" / "terminal" / "PROTOCOL.md"
HEADING = "## Errors: what the device must do"
LISTS = "/terminals/issuers"
DUTIES = {"retry", "keep", "drop", "resync", "call"}


def table() -> dict[str, tuple[int, str]]:
    """Status and duty of each code on the page; no code is there twice."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n{HEADING}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ((?:`\w+` ?)+) \| (\d{3}) \| .+ \| `(\w+)` \|$", section, re.MULTILINE)
    listed = [(code, int(status), must) for codes, status, must in rows for code in re.findall(r"`(\w+)`", codes)]
    assert len(listed) == len({code for code, _, _ in listed})
    return {code: (status, must) for code, status, must in listed}


def test_page_lists_exactly_the_codes_that_devices_can_get(world: World) -> None:
    """No answer finds a vendor unprepared, and no row is about an answer that never comes."""
    wanted = codes_of(world.app, "/terminals")
    assert {code: status for code, (status, _) in table().items()} == wanted


def test_codes_of_the_bridge_are_known() -> None:
    """What is answered before the application sees a request is in the documentation's table, and so on the page."""
    codes = dict(_refusals_of_the_bridge())
    assert codes
    assert codes.items() <= {one.code: one.status for one in problems(Language.EN)}.items()


def _refusals_of_the_bridge() -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(inspect.getsource(serving))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "_Refused":
            status, code = node.args[:2]
            yield ast.literal_eval(code), HTTPStatus[ast.unparse(status).removeprefix("HTTPStatus.")]


def test_each_code_has_one_of_the_five_duties() -> None:
    """Retry, keep, drop, resync or call, and nothing between; what may pass by itself is tried again."""
    assert {must for _, must in table().values()} == DUTIES
    assert {must for status, must in table().values() if status in (429, 500, 503)} == {"retry"}


def test_page_explains_each_route(world: World) -> None:
    """Whatever a device can call is on the page."""
    text = PAGE.read_text(encoding="utf-8")
    rules = {str(rule) for rule in world.app.url_map.iter_rules() if str(rule).startswith("/terminals/")}
    assert {rule for rule in rules if f"{rule}`" not in text and f"{rule}?" not in text} == set()


def test_page_tells_why_a_signature_is_refused(world: World) -> None:
    """A vendor whose first GET has no Content-Digest finds the reason of the answer on the page, in both ways to forget it."""
    text = PAGE.read_text(encoding="utf-8").split("\n## Signatures\n")[1].split("\n## ")[0]
    device = equip(world).device
    listed = device.signed("GET", LISTS, b"")
    del listed["Content-Digest"]
    unlisted = device.signed("GET", LISTS, b"", Wish(covered=ALL[:2]))
    del unlisted["Content-Digest"]
    for headers, reason in ((listed, "signature"), (unlisted, "components")):
        found = problem(device.client.get(LISTS, headers=headers), 401, "signature_invalid")
        assert found["reason"] == reason
        assert f"`{reason}`:" in text
