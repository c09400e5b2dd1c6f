"""Numbers that are given once."""

import threading
from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from citizencard.cards.errors import CardNumbersExhausted
from citizencard.cards.numbering import PHANTOM_SERIAL, next_card_serial, next_number, next_psam_serial
from citizencard.db import Sessions, transaction
from hardware.card.files import luhn_digit, printed_number
from tests.citizencard.cards.make_cards import applied_card


def test_card_number_has_the_form_of_the_profile(session: Session) -> None:
    """0310, city, eleven digits that count up from one, and a check digit over what is printed."""
    first, second = next_card_serial(session), next_card_serial(session)
    assert first.hex().startswith("0310330200000000001")
    assert second.hex().startswith("0310330200000000002")
    for serial in (first, second):
        number = printed_number(serial)
        assert len(number) == 19
        assert luhn_digit(number[:-1]) == int(number[-1])
    assert PHANTOM_SERIAL.hex().startswith("0310330200000000000")


def test_series_count_for_themselves_and_end(session: Session) -> None:
    """Each series has its own numbers, and a full one says so instead of starting over."""
    assert next_number(session, "a", 2) == "01"
    assert next_number(session, "b", 2) == "01"
    session.execute(text("UPDATE card_counter SET last_number = 99 WHERE name = 'a'"))
    with pytest.raises(CardNumbersExhausted):
        next_number(session, "a", 2)
    assert len(next_psam_serial(session)) == 10


def test_counters_at_once_never_share_a_number(committed: Sessions, now: datetime) -> None:
    """Eight counters taking applications at the same time give eight numbers."""
    serials: list[bytes] = []

    def take() -> None:
        with transaction(committed) as session:
            serials.append(applied_card(session, now).serial)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(serials)) == 8
