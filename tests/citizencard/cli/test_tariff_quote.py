"""`citizencard tariff quote`."""

import json
from pathlib import Path

from tests.citizencard.cli.test_tariff import GOOD, run
from tests.citizencard.tariffs.every_line import EVENTS, FOLDER, bill, ride

ALL = FOLDER / "every_line.events.json"


def quote(file: Path, *more: str) -> tuple[int, str, str]:
    done = run("tariff", "quote", "--tariff", str(GOOD), "--events", str(file), *more)
    return done.returncode, done.stdout, done.stderr


def test_each_event_has_its_price_and_the_reason() -> None:
    """Base, concession, transfer, cap, tier, and who pays the difference; a total at the end."""
    status, out, err = quote(ALL)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[2] == "2 ride: ¥2.80"
    assert lines[3] == (
        "    full fare of line 2: ¥2.00; class adult pays 90%: ¥0.20 off; transfer 30 min after line 1 (within 60 min): ¥1.00 off; "
        "companions: 1, each ¥2.00: ¥2.00; to pay ¥2.80."
    )
    assert "12 carry: noted" in lines
    assert any("(paid by city)" in line for line in lines)
    assert lines[-1].startswith("total: ¥")
    assert "; city pays ¥" in lines[-1]
    status, out, _ = quote(ALL, "--language", "zh")
    assert status == 0
    assert "    线路 1 全价 ¥2.00；adult 卡按 90% 计，优惠 ¥0.20；应付 ¥1.80。" in out.splitlines()


def test_programs_read_the_same() -> None:
    """Price as text and in minor units, lines with their rules, sentences in both languages, sums."""
    status, out, _ = quote(ALL, "--json")
    assert status == 0
    said = json.loads(out)
    assert (said["currency"], said["refused"], said["unexpected"], len(said["events"])) == ("CNY", 0, 0, len(EVENTS))
    first = said["events"][0]
    assert (first["price"], first["minor"], first["as_expected"]) == ("1.80", 180, True)
    assert [(line["what"], line["minor"]) for line in first["lines"]] == [("base", 200), ("concession", -20)]
    assert set(first["sentence"]) == {"zh", "en"}
    assert said["total_minor"] == sum(event.get("minor", 0) for event in said["events"])


def test_what_cannot_be_priced_is_told_beside_the_others(tmp_path: Path) -> None:
    """The missing rule by its place, the wrong event by its field, the other price by both; the rest is priced, and the status is 1."""
    file = tmp_path / "events.json"
    events = [
        ride("a", "01", 77, "08:00:00"),
        {"kind": "walk"},
        bill("water", units="21", expect="38.71"),
        bill("water", units="21", note="as printed"),
    ]
    file.write_text(json.dumps({"events": events}))
    status, out, err = quote(file)
    lines = out.splitlines()
    assert status == 1
    assert lines[0] == "1 ride: NO PRICE: transit.lines.77: the tariff has no line 77"
    assert lines[1].startswith("2 ?: NO PRICE: kind must be one of ride, pass")
    assert lines[2] == "3 bill: ¥38.70, BUT ¥38.71 WAS EXPECTED"
    assert lines[4] == "4 bill: ¥38.70  (as printed)"
    assert lines[-1] == "total: ¥77.40"
    assert err == "of 4 events 2 could not be priced, 1 cost not what was expected\n"
    status, out, err = quote(file, "--language", "zh")
    lines = out.splitlines()
    assert lines[0] == "1 ride: 无法计价：transit.lines.77: the tariff has no line 77"
    assert lines[2] == "3 bill: ¥38.70，但应为 ¥38.71"
    assert lines[-1] == "合计：¥77.40"
    assert err == "4 个事件中 2 个无法计价，1 个与预期不符\n"
    said = json.loads(quote(file, "--json")[1])
    assert said["events"][0]["error"] == {
        "code": "rule_missing",
        "message": "the tariff has no line 77",
        "place": "transit.lines.77",
    }
    assert (said["refused"], said["unexpected"]) == (2, 1)


def test_wrong_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    """A tariff with mistakes, a file that is no list of events, one that is not there."""
    status, out, err = quote(GOOD)
    assert (status, out) == (1, "")
    assert "currency" in err or "events" in err
    status, _, err = quote(tmp_path / "none.json")
    assert (status, err) == (1, f"Error: No such file or directory: {tmp_path / 'none.json'}\n")
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"format": 2}')
    done = run("tariff", "quote", "--tariff", str(wrong), "--events", str(ALL))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: The tariff document has mistakes: name: is missing; version: is missing")
    done = run("tariff", "quote", "--tariff", "3", "--events", str(ALL))
    assert (done.returncode, done.stdout) == (1, "")
    assert "CITIZENCARD_DATABASE_URL" in done.stderr


def test_a_ride_after_one_without_a_price_says_so(tmp_path: Path) -> None:
    """Nobody takes a price for final that the ride before it can still change."""
    file = tmp_path / "events.json"
    file.write_text(json.dumps([ride("a", "01", 77, "08:00:00"), ride("a", "01", 1, "08:10:00", note="")]))
    status, out, _ = quote(file)
    assert status == 1
    assert out.splitlines()[1] == "2 ride: ¥1.80, after a ride that has no price (1)"
    out = quote(file, "--language", "zh")[1]
    assert out.splitlines()[1] == "2 ride: ¥1.80，其前第 1 个事件（ride）无法计价"
    assert json.loads(quote(file, "--json")[1])["events"][1]["after_unpriced"] == 1
