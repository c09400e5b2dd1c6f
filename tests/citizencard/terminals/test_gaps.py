"""Sequences of which no record has come."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.terminals import gaps as gaps_module
from citizencard.terminals.gaps import Gap, answer_no_debit, close_gap, gaps_to_ask, note_gaps, open_gaps
from citizencard.terminals.lists.models import GapAnswer, TerminalGap
from citizencard.terminals.models import TerminalKind
from citizencard.terminals.registry import NewBinding, register_terminal
from tests.citizencard.terminals.make_terminals import bind, bus_company, number, psam, serial

DAY = timedelta(days=1)
NUMBER = number(1)
OTHER = number(2)


def bound(session: Session, index: int, merchant_id: str, now: datetime) -> str:
    """A new device with this module from now on; returns its id."""
    terminal = register_terminal(session, f"bus {index}", TerminalKind.BUS_VALIDATOR, now=now)
    bind(session, NewBinding(terminal.id, serial(index), merchant_id, None), now)
    return terminal.id


def spans(session: Session, number: bytes = NUMBER) -> list[tuple[int, int]]:
    return [(gap.first, gap.last) for gap in open_gaps(session, number)]


def test_gap_is_noted_once_and_cut_by_what_arrives(session: Session, now: datetime) -> None:
    """A record that comes in late closes its own number and no other; the rest is asked for on."""
    assert note_gaps(session, [(NUMBER, 5, 9), (OTHER, 1, 1)], now) == 2
    assert note_gaps(session, [(NUMBER, 4, 10), (NUMBER, 6, 6)], now) == 2
    assert spans(session) == [(4, 4), (5, 9), (10, 10)]
    closed = close_gap(session, Gap(NUMBER, 7, 7), GapAnswer.ARRIVED, now + DAY)
    assert closed == [Gap(NUMBER, 7, 7)]
    assert spans(session) == [(4, 4), (5, 6), (8, 9), (10, 10)]
    assert close_gap(session, Gap(NUMBER, 7, 7), GapAnswer.ARRIVED, now + DAY) == []
    assert close_gap(session, Gap(NUMBER, 0, 100), GapAnswer.NO_DEBIT, now + DAY) == [
        Gap(NUMBER, 4, 4),
        Gap(NUMBER, 5, 6),
        Gap(NUMBER, 8, 9),
        Gap(NUMBER, 10, 10),
    ]
    assert (spans(session), spans(session, OTHER)) == ([], [(1, 1)])


def test_what_was_no_debit_is_not_asked_again(session: Session, now: datetime) -> None:
    """Each close of a day finds the same hole; a device that has answered is left in peace."""
    note_gaps(session, [(NUMBER, 5, 9)], now)
    close_gap(session, Gap(NUMBER, 5, 9), GapAnswer.NO_DEBIT, now)
    assert note_gaps(session, [(NUMBER, 5, 9)], now + DAY) == 0
    assert note_gaps(session, [(NUMBER, 3, 11)], now + DAY) == 2
    assert spans(session) == [(3, 4), (10, 11)]
    found = session.scalars(select(TerminalGap.found_at).order_by(TerminalGap.id)).all()
    assert found == [now, now + DAY, now + DAY]


def test_device_is_asked_once_a_day_for_its_own(session: Session, now: datetime) -> None:
    """A bus that signs in every hour is not sent through its memory every hour, nor for another bus's records."""
    merchant_id = bus_company(session, now)
    for index in (1, 2):
        psam(session, index, now)
    terminal, other = bound(session, 1, merchant_id, now), bound(session, 2, merchant_id, now)
    note_gaps(session, [(NUMBER, 5, 9), (OTHER, 1, 1)], now)
    assert gaps_to_ask(session, terminal, now) == [Gap(NUMBER, 5, 9)]
    assert gaps_to_ask(session, terminal, now + DAY / 2) == []
    assert gaps_to_ask(session, terminal, now + DAY) == [Gap(NUMBER, 5, 9)]
    assert gaps_to_ask(session, other, now) == [Gap(OTHER, 1, 1)]


def test_word_counts_only_for_a_module_that_was_nowhere_else(session: Session, now: datetime) -> None:
    """The device that has the module now cannot say what the one before it has in its memory."""
    merchant_id = bus_company(session, now)
    psam(session, 1, now)
    first = bound(session, 1, merchant_id, now)
    note_gaps(session, [(NUMBER, 5, 9), (OTHER, 1, 1)], now)
    assert answer_no_debit(session, first, [Gap(OTHER, 1, 1)], now) == []
    assert answer_no_debit(session, first, [Gap(NUMBER, 5, 6)], now) == [Gap(NUMBER, 5, 6)]
    second = bound(session, 1, merchant_id, now + DAY)
    for terminal in (first, second):
        assert answer_no_debit(session, terminal, [Gap(NUMBER, 7, 9)], now + DAY) == []
    assert spans(session) == [(7, 9)]
    assert gaps_to_ask(session, second, now + DAY) == [Gap(NUMBER, 7, 9)]


def test_list_of_a_number_is_bounded(session: Session, now: datetime) -> None:
    """A module whose numbers jump about fills no table."""
    many = [(NUMBER, 2 * number, 2 * number) for number in range(1, gaps_module.MAX_OPEN_GAPS + 50)]
    assert note_gaps(session, many, now) == gaps_module.MAX_OPEN_GAPS
    assert note_gaps(session, many, now) == 0
    page = open_gaps(session, NUMBER, after=10)
    assert (len(page), page[0].first) == (gaps_module.MAX_ASKED, 12)
