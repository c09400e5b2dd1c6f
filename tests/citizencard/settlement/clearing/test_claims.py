"""Claims beside the TAC: a tariff or a hotlist that the terminal never took, or had laid down."""

from datetime import timedelta

from citizencard.db import transaction
from citizencard.purse.uploads.models import FindingKind
from citizencard.terminals.models import AcknowledgedKind, TerminalAcknowledgement
from tests.citizencard.settlement.clearing.looking import found, sequences
from tests.citizencard.settlement.histories.make_histories import Nights


def _said(nights: Nights, kind: AcknowledgedKind, version: int, minutes_ago: int) -> None:
    with transaction(nights.sessions) as session:
        session.add(
            TerminalAcknowledgement(
                terminal_id=nights.city.bus1.terminal_id,
                kind=kind,
                version=version,
                acknowledged_at=nights.now - timedelta(minutes=minutes_ago),
            )
        )


def test_a_tariff_that_the_terminal_never_took(nights: Nights) -> None:
    """It said that it works with version 3; a record that claims 4 is looked at, one of another bus that never said a thing is not."""
    _said(nights, AcknowledgedKind.PARAMETERS, 3, 600)
    claimed = nights.ride(30, tariff_version=4)
    nights.upload(nights.ride(50), claimed, nights.ride(20, bus=nights.city.bus2, tariff_version=4))
    nights.close()
    assert found(nights, FindingKind.CLAIMS_DIFFER) == sequences([claimed])


def test_a_tariff_that_was_laid_down(nights: Nights) -> None:
    """It said 2 and later 3, which is in force: a record of 2 before that is right, one after it is not."""
    _said(nights, AcknowledgedKind.PARAMETERS, 2, 600)
    _said(nights, AcknowledgedKind.PARAMETERS, 3, 60)
    before, after = nights.ride(90, tariff_version=2), nights.ride(30, tariff_version=2)
    nights.upload(before, after)
    nights.close()
    assert found(nights, FindingKind.CLAIMS_DIFFER) == sequences([after])


def test_a_batch_that_names_an_older_hotlist_than_its_terminal_said(nights: Nights) -> None:
    """The header says list 0, and the terminal had said 5 before the file was made."""
    _said(nights, AcknowledgedKind.HOTLIST, 5, 60)
    ride = nights.ride(30)
    nights.upload(ride, nights.ride(20, bus=nights.city.bus2))
    nights.close()
    assert found(nights, FindingKind.CLAIMS_DIFFER) == sequences([ride])
