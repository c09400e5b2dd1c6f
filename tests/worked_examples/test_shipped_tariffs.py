"""The shipped tariffs reproduce every price that their pages print or that follows from their rules, by the command of the product."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from citizencard.cli.root import main
from citizencard.tariffs.document import check

SHIPPED: Final = Path(str(files("citizencard.tariffs").joinpath("shipped")))
CITIES: Final = sorted(path.stem for path in SHIPPED.glob("*.json") if not path.name.endswith(".examples.json"))
NAMED: Final = {
    "beijing_parking",
    "electricity_late_fee",
    "jiangsu_electricity",
    "nanjing",
    "suzhou",
    "taicang_parking",
    "water_w1",
    "wuxi",
    "yangzhong",
    "yangzhou_taxi",
    "zhenjiang",
}


def examples(city: str) -> list[dict[str, Any]]:
    """The events of a shipped file of examples."""
    found: list[dict[str, Any]] = json.loads((SHIPPED / f"{city}.examples.json").read_text(encoding="utf-8"))["events"]
    return found


def quoted(*arguments: str) -> tuple[int, str]:
    """Exit code and output of `citizencard tariff quote`."""
    done = CliRunner().invoke(main, ["tariff", "quote", *arguments])
    return done.exit_code, done.output


def test_all_of_them_are_there() -> None:
    """A city's page that was promised is not lost on the way."""
    assert set(CITIES) == NAMED


@pytest.mark.parametrize("city", CITIES)
def test_shipped_tariff_reproduces_its_page(city: str) -> None:
    """No mistake in the document, and every example costs what the page prints or what follows from its rule."""
    assert check(json.loads((SHIPPED / f"{city}.json").read_text(encoding="utf-8"))) == []
    code, output = quoted(
        "--tariff", str(SHIPPED / f"{city}.json"), "--events", str(SHIPPED / f"{city}.examples.json"), "--json"
    )
    assert code == 0, output
    priced = [event for event in examples(city) if event["kind"] != "carry"]
    assert all("expect" in event for event in priced)
    assert any(event.get("note", "").startswith(("printed", "derived")) for event in priced)


@pytest.mark.parametrize("city", CITIES)
def test_wrong_price_is_noticed(city: str, tmp_path: Path) -> None:
    """The command compares for real: a fen more on one example ends it with 1."""
    events = examples(city)
    last = next(event for event in reversed(events) if "expect" in event)
    last["expect"] = f"{int(last['expect'].replace('.', '')) + 1:03d}"
    last["expect"] = f"{last['expect'][:-2]}.{last['expect'][-2:]}"
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps({"events": events}), encoding="utf-8")
    code, output = quoted("--tariff", str(SHIPPED / f"{city}.json"), "--events", str(changed))
    assert code == 1
    assert "1 cost not what was expected" in output


def test_sources_are_graded() -> None:
    """Nobody is charged by somebody's copy of a page: grades C and K are marked as samples, and every page has a grade and a date."""
    for city in CITIES:
        document = json.loads((SHIPPED / f"{city}.json").read_text(encoding="utf-8"))
        assert document["source"]["grade"] in "ABCK"
        assert document["source"]["date"]
        assert document["source"].get("sample", False) is (document["source"]["grade"] in "CK")
    readme = (SHIPPED / "README.md").read_text(encoding="utf-8")
    assert all(f"`{city}.json`" in readme for city in CITIES)
