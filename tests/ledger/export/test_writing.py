"""Whole exports: what other programs and three little readers make of them."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from citizencard.db import Sessions, transaction
from ledger import close_day, open_accounts, open_day, open_first_day, post
from ledger.errors import NoOpenDay
from ledger.export import Format, export, period_of
from ledger.export.names import from_beancount, from_hledger
from tests.ledger.export import awkward, parsers
from tests.ledger.make import AT, DAY, bank, merchant, transfer

READERS: dict[Format, Callable[[str], parsers.Held]] = {
    Format.HLEDGER: parsers.of_hledger,
    Format.BEANCOUNT: parsers.of_beancount,
    Format.CSV: parsers.of_table,
}
PROGRAMS: dict[Format, Callable[[Path], parsers.Held]] = {
    Format.HLEDGER: parsers.asked_of_hledger,
    Format.BEANCOUNT: parsers.asked_of_beancount,
}
TRANSFERS = 400


def exported(session: Session, kind: Format, first: date | None = None, last: date | None = None) -> str:
    return "".join(export(session, period_of(session, first, last), kind))


@pytest.fixture
def books(session: Session) -> Session:
    """Four days of random transfers between awkwardly named accounts; the last day is open."""
    awkward.open_books(session)
    awkward.fill(session, TRANSFERS, seed=4)
    return session


@pytest.mark.parametrize("kind", PROGRAMS)
@pytest.mark.parametrize("first", [None, DAY + timedelta(days=2)], ids=["all", "from the third day"])
def test_real_programs_accept_the_books_and_hold_what_we_hold(
    books: Session, tmp_path: Path, kind: Format, first: date | None
) -> None:
    """An auditor loads the books into his own program: it finds no fault, and every account holds there what it holds here."""
    file = tmp_path / f"books.{kind}"
    file.write_text(exported(books, kind, first))
    assert PROGRAMS[kind](file) == awkward.held(books, kind)


@pytest.mark.parametrize("kind", PROGRAMS)
def test_real_programs_notice_one_fen(books: Session, tmp_path: Path, kind: Format) -> None:
    """A file in which somebody changed a single fen is refused by the program that reads it."""
    text, changes = re.subn(
        r"(?m)^(  .*-u1\b.* |    .*a_1  CNY )(\d+)\.(\d)(\d)\b", _one_fen_more, exported(books, kind), count=1
    )
    assert changes == 1
    file = tmp_path / f"books.{kind}"
    file.write_text(text)
    said = (
        parsers.refused_by("hledger", "-f", file, "check")
        if kind is Format.HLEDGER
        else parsers.refused_by("bean-check", file)
    )
    assert "balance" in said.lower()


def _one_fen_more(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}.{found[3]}{(int(found[4]) + 1) % 10}"


@pytest.mark.parametrize("kind", Format)
def test_closed_days_are_exported_the_same_for_ever(books: Session, kind: Format) -> None:
    """Whoever exports a closed month again, after whatever happened since, gets the same file byte by byte."""
    last = DAY + timedelta(days=1)
    before = exported(books, kind, DAY, last)
    post(books, [transfer("later", "bank", "x", 7)], now=AT)
    close_day(books, open_day(books), DAY + timedelta(days=40), now=AT)
    assert exported(books, kind, DAY, last) == before
    assert READERS[kind](before) != READERS[kind](exported(books, kind))


@pytest.mark.parametrize("kind", Format)
def test_period_begins_with_what_was_held(books: Session, kind: Format) -> None:
    """The files of two stretches of days, each by itself complete, tell what one file of all the days tells."""
    whole = READERS[kind](exported(books, kind, last=DAY + timedelta(days=2)))
    assert READERS[kind](exported(books, kind, DAY + timedelta(days=1), DAY + timedelta(days=2))) == whole
    assert READERS[kind](exported(books, kind, DAY + timedelta(days=2), DAY + timedelta(days=2))) == whole


@given(
    st.lists(
        st.tuples(st.permutations(awkward.CODES).map(lambda order: order[:2]), st.integers(1, 2**53), st.booleans()),
        max_size=20,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_books_come_back_from_their_files(
    sessions: Sessions, moves: list[tuple[tuple[str, str], int, bool]]
) -> None:
    """Whatever was posted on whatever days, a stranger who can add finds the same balances in each of the three files."""
    with transaction(sessions) as session:
        outer = session.begin_nested()
        awkward.open_books(session)
        for number, ((debit, credit), amount_fen, ends_day) in enumerate(moves):
            post(session, [transfer(f"t{number}", debit, credit, amount_fen)], now=AT)
            if ends_day:
                close_day(session, open_day(session), open_day(session) + timedelta(days=1), now=AT)
        for kind, reader in READERS.items():
            assert reader(exported(session, kind)) == awkward.held(session, kind)
        outer.rollback()


def test_names_in_the_files_are_ours(books: Session) -> None:
    """Every account in a file leads back to the account of the city that it stands for."""
    for kind, turned_back in ((Format.HLEDGER, from_hledger), (Format.BEANCOUNT, from_beancount)):
        for name in READERS[kind](exported(books, kind)):
            found = turned_back(name)
            assert found is not None
            assert found == (awkward.kind_of(found[1]), found[1])


def test_progress_rises_to_the_end(session: Session) -> None:
    """Who waits for a large file sees how far it is."""
    open_first_day(session, DAY, now=AT)
    open_accounts(session, [bank(), merchant()])
    post(session, [transfer(f"t{n}", "bank", "merchant:1:clearing", 1) for n in range(2_500)], now=AT)
    told: list[tuple[int, int]] = []
    for _ in export(session, period_of(session), Format.CSV, lambda done, total: told.append((done, total))):
        pass
    assert len(told) == 1 + 2_500 // 1_000
    assert told == sorted(told, key=lambda one: one[0] / one[1])
    assert [done == total for done, total in told] == [False, False, True]


@pytest.mark.parametrize("kind", Format)
def test_empty_books_are_a_file_too(session: Session, tmp_path: Path, kind: Format) -> None:
    """On the first morning the file is empty and correct; before that there are no books."""
    with pytest.raises(NoOpenDay):
        period_of(session)
    open_first_day(session, DAY, now=AT)
    text = exported(session, kind)
    assert READERS[kind](text) == {}
    if kind in PROGRAMS:
        (tmp_path / "books").write_text(text)
        assert PROGRAMS[kind](tmp_path / "books") == {}
