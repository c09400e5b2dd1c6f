"""The terminal's sequence: used twice, missing, and against time."""

from sqlalchemy import func, select

from citizencard.db import reading, transaction
from citizencard.purse.uploads.models import FindingKind, TapFinding
from citizencard.terminals.gaps import Gap, close_gap, open_gaps
from citizencard.terminals.lists.models import GapAnswer
from tests.citizencard.settlement.clearing.looking import aside, found
from tests.citizencard.settlement.histories.make_histories import Nights


def test_a_sequence_used_twice_is_a_finding_on_all(nights: Nights) -> None:
    """Two cards under one number of the module: both taps are named, whichever came first; both are paid."""
    nights.upload(nights.ride(60, terminal_sequence=7))
    nights.close()
    assert found(nights, FindingKind.SEQUENCE_REUSED) == set()
    nights.upload(nights.ride(50, card=nights.city.senior, amount_fen=0, terminal_sequence=7))
    nights.close()
    with reading(nights.sessions) as session:
        stand = select(func.count()).where(
            TapFinding.kind == FindingKind.SEQUENCE_REUSED, TapFinding.withdrawn_at.is_(None)
        )
        assert session.scalar(stand) == 2
    assert aside(nights) == []


def test_gaps_are_asked_for_until_they_are_filled(nights: Nights) -> None:
    """Numbers 3 to 6 are missing; 4 comes, the device says that 5 and 6 were no debits, and at last 3 comes."""
    ride = {number: nights.ride(90 - number, terminal_sequence=number) for number in (2, 3, 4, 7)}
    nights.upload(ride[2], ride[7])
    nights.close()
    assert (found(nights, FindingKind.SEQUENCE_GAP), _open(nights)) == ({7}, [(3, 6)])
    nights.upload(ride[4])
    nights.close()
    assert (found(nights, FindingKind.SEQUENCE_GAP), _open(nights)) == ({4, 7}, [(3, 3), (5, 6)])
    with transaction(nights.sessions) as session:
        close_gap(session, Gap(nights.city.bus1.number, 5, 6), GapAnswer.NO_DEBIT, nights.now)
    nights.close()
    assert (found(nights, FindingKind.SEQUENCE_GAP), _open(nights)) == ({4}, [(3, 3)])
    nights.upload(ride[3])
    nights.close()
    assert (found(nights, FindingKind.SEQUENCE_GAP), _open(nights)) == (set(), [])


def test_a_clock_set_back_shows_at_the_step(nights: Nights) -> None:
    """A correction of some minutes is none; two hours are, at the first tap after the step."""
    nights.upload(
        nights.ride(120, terminal_sequence=1),
        nights.ride(125, card=nights.city.senior, amount_fen=0, terminal_sequence=2),
        nights.ride(240, card=nights.city.senior, amount_fen=0, terminal_sequence=3),
        nights.ride(230, card=nights.city.senior, amount_fen=0, terminal_sequence=4),
    )
    nights.close()
    assert found(nights, FindingKind.SEQUENCE_DISORDER) == {3}


def _open(nights: Nights) -> list[tuple[int, int]]:
    with reading(nights.sessions) as session:
        return [(gap.first, gap.last) for gap in open_gaps(session, nights.city.bus1.number)]
