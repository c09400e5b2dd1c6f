"""Lists of the books on a terminal and elsewhere."""

import csv
import io

import pytest

from citizencard.cli.ledger_tables import Shape, grouped_yuan, shape_of, show

ROWS = [
    {"code": "till:1", "debits_fen": 1_234_567, "floor_fen": 0, "journal": None},
    {"code": "=1+1", "debits_fen": -5, "floor_fen": None, "journal": "-j"},
]
COLUMNS = ("code", "debits_fen", "floor_fen", "journal")


def test_people_read_yuan_in_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """Figures stand under each other, what is not there is blank, and no line ends in spaces."""
    show(COLUMNS, ROWS, Shape.TABLE)
    assert capsys.readouterr().out == (
        "code       debits  floor  journal\n"
        "------  ---------  -----  -------\n"
        "till:1  12,345.67   0.00\n"
        "=1+1        -0.05         -j\n"
    )


def test_programs_read_fen_and_spreadsheets_compute_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """The columns by their names, whole numbers of fen; what looks like a formula is a text, a number stays one."""
    show(COLUMNS, ROWS, Shape.CSV)
    first, second = csv.DictReader(io.StringIO(capsys.readouterr().out), strict=True)
    assert first == {"code": "till:1", "debits_fen": "1234567", "floor_fen": "0", "journal": ""}
    assert second == {"code": "'=1+1", "debits_fen": "-5", "floor_fen": "", "journal": "'-j"}


def test_empty_list_is_its_heading(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing found is said by a table without rows."""
    show(("code",), [], Shape.TABLE)
    show(("code",), [], Shape.CSV)
    assert capsys.readouterr().out == "code\n----\ncode\n"


def test_shape_follows_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal shows a table, a pipe carries CSV, and what was asked for goes before both."""
    for is_terminal, shape in ((True, Shape.TABLE), (False, Shape.CSV)):
        monkeypatch.setattr("sys.stdout", Stream(is_terminal=is_terminal))
        assert shape_of(None, as_json=False) is shape
        assert shape_of("table", as_json=False) is Shape.TABLE
        assert shape_of("csv", as_json=True) is Shape.JSON


class Stream(io.StringIO):
    """A standard output that is a terminal or is not."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        """Whether it is one."""
        return self._is_terminal


def test_yuan_for_people() -> None:
    """Thousands are set apart, and a minus sign does not disturb them."""
    shown = [grouped_yuan(fen) for fen in (0, -1, 99_999, 100_000, -123_456_789)]
    assert shown == ["0.00", "-0.01", "999.99", "1,000.00", "-1,234,567.89"]
