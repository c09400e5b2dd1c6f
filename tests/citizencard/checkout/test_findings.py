"""What a person should look at is there once."""

from citizencard.checkout.findings import findings_page, keep
from citizencard.db import reading, transaction
from citizencard.payments.models import FindingKind
from tests.citizencard.checkout.make_checkout import Office


def test_a_finding_is_kept_once(desk: Office) -> None:
    """However often the provider tells of it, one line waits for a person."""
    for expected in (True, False):
        with transaction(desk.sessions) as session:
            assert keep(session, FindingKind.CHARGE_NOT_OURS, "pi_1", None, {"amount_fen": 7}, desk.now) is expected
    with transaction(desk.sessions) as session:
        assert keep(session, FindingKind.REFUND_NOT_OURS, "pi_1", None, {}, desk.now)
    with reading(desk.sessions) as session:
        first, second = findings_page(session)
        assert [one.id for one in findings_page(session, after=first.id)] == [second.id]
