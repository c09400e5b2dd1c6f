"""Tries as rows: stored before anything is sent, one at a time."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from citizencard.checkout import flow
from citizencard.checkout.asking import ask
from citizencard.checkout.attempts import Heard
from citizencard.db import reading, transaction
from citizencard.payments.models import PaymentAttempt
from tests.citizencard.checkout.make_checkout import Office, PowerCut


def test_the_key_is_stored_before_the_call(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the request leaves, the row with its key is committed: a crash cannot lose it."""
    stored: list[str] = []

    def looking(*given: Any) -> Heard:
        with reading(desk.sessions) as session:
            stored.extend(attempt.key for attempt in session.query(PaymentAttempt))
        return ask(*given)

    monkeypatch.setattr(flow, "ask", looking)
    desk.begin_bill()
    assert stored == [seen.key for seen in desk.fake.seen]


def test_the_database_keeps_a_second_open_try_out(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the code does, a payment has one open try."""
    begun = desk.begin_bill()

    def power_cut(*_: object) -> None:
        raise PowerCut

    monkeypatch.setattr(flow, "ask", power_cut)
    with pytest.raises(PowerCut):
        desk.confirm(begun.id)
    open_one = desk.attempts(begun.id)[-1]
    with pytest.raises(IntegrityError), transaction(desk.sessions) as session:
        session.add(
            PaymentAttempt(
                payment_id=begun.id,
                act="cancel",
                key="another",
                reference="another",
                state="sent",
                created_at=desk.now,
                tried_at=desk.now,
            )
        )
    assert open_one.lease_token is not None
