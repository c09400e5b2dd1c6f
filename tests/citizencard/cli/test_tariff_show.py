"""`citizencard tariff show` and `diff`."""

import json
from pathlib import Path

from tests.citizencard.cli.test_tariff import GOOD, run


def test_a_tariff_is_shown_as_tables_and_sentences() -> None:
    """What is read beside the city's page before anybody approves it."""
    done = run("tariff", "show", str(GOOD))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "Every line, version 1, CNY"
    assert "  lines  mode" in done.stdout
    assert any(line.split()[:4] == ["1-9", "bus", "¥2.00", "¥1.80"] for line in lines)
    assert "  - Cap cap_day: at most ¥3.00 a day, regular 04, lines 1" in lines
    assert "Taxi (taxi.city)" in lines
    chinese = run("tariff", "show", str(GOOD), "--language", "zh").stdout
    assert "  - 封顶 cap_day：每天最多 ¥3.00，regular 04，线路 1" in chinese.splitlines()
    assert json.loads(run("tariff", "show", str(GOOD), "--json").stdout) == json.loads(GOOD.read_text())


def test_what_another_tariff_changes(tmp_path: Path) -> None:
    """Prices before and after, the rules that make them, and what else is different."""
    document = json.loads(GOOD.read_text())
    document["transit"]["concessions"][2]["pays"] = "0.8"
    document["parking"]["visits"]["title"] = "By the visit"
    other = tmp_path / "other.json"
    other.write_text(json.dumps(document))
    done = run("tariff", "diff", str(GOOD), str(other))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert ["1-9", "adult", "01", "¥1.80", "¥1.60"] in [line.split() for line in lines]
    assert "transit.concessions.2" in lines
    assert "  - Concession adult: adult 01, pays 90%" in lines
    assert "  + Concession adult: adult 01, pays 80%" in lines
    assert 'parking.visits.title: "Visits" -> "By the visit"' in lines
    said = json.loads(run("tariff", "diff", str(GOOD), str(other), "--json").stdout)
    assert {"lines": "1-9", "who": "adult 01", "before": "¥1.80", "after": "¥1.60"} in said["prices"]
    assert [rule["key"] for rule in said["rules"]] == ["transit.concessions.adult"]
    assert run("tariff", "diff", str(GOOD), str(GOOD)).stdout == "no difference\n"
    other.write_text(json.dumps({**json.loads(GOOD.read_text()), "version": 2}))
    assert run("tariff", "diff", str(GOOD), str(other)).stdout == "version 1 → 2\nno difference\n"
    assert run("tariff", "diff", str(GOOD), str(other), "--language", "zh").stdout == "版本 1 → 2\n没有差别\n"


def test_a_wrong_file_is_neither_shown_nor_compared(tmp_path: Path) -> None:
    """The first mistakes are told, and where to see the rest."""
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    for arguments in (("show", str(wrong)), ("diff", str(GOOD), str(wrong))):
        done = run("tariff", *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"and 1 more: citizencard tariff check {wrong}" in done.stderr
