"""Linking at the counter, and what is written onto a card."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import pytest
from stdnum.cn.ric import calc_check_digit

from citizencard.audit import Actor
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.people.errors import PersonUnknown
from citizencard.people.flow import register_person
from citizencard.people.identity import Sex
from citizencard.people.registry import NewPerson
from citizencard.social_security.errors import LinkStateRefused, LinkUnknown
from citizencard.social_security.flow import card_data, link_person
from citizencard.social_security.links import NewLink, history, unlink

NEW = NewPerson("11010519491231002X", "张示例")


def test_card_carries_what_the_register_knows(
    sessions: Sessions, vault: SoftwareVault, clerk: Actor, now: datetime
) -> None:
    """EF05 and EF06 get the person's own number, name, sex and birth date, and nothing of it shows in a log."""
    person_id = register_person(sessions, vault, NEW, clerk, now).id
    link_person(sessions, vault, NewLink(person_id, "330203", nation="01"), clerk, now)
    data = card_data(sessions, vault, person_id)
    assert (data.region_code, data.number, data.name) == ("330203", "11010519491231002X", "张示例")
    assert (data.sex, data.nation, data.birth_date) == (Sex.FEMALE, "01", date(1949, 12, 31))
    assert "1101" not in repr(data)
    assert "张" not in repr(data)


def test_putting_the_same_link_again_changes_nothing_but_the_insurances(
    sessions: Sessions, vault: SoftwareVault, clerk: Actor, now: datetime
) -> None:
    """A clerk who sends the form twice makes one link."""
    person_id = register_person(sessions, vault, NEW, clerk, now).id
    first = link_person(sessions, vault, NewLink(person_id, "330203"), clerk, now)
    again = link_person(sessions, vault, NewLink(person_id, "330203", {"medical": "insured"}), clerk, now)
    assert again.id == first.id
    assert again.insurances["medical"] == "insured"


def test_no_card_data_without_a_link(sessions: Sessions, vault: SoftwareVault, clerk: Actor, now: datetime) -> None:
    """A person who is not linked, or not any more, gets no social-security files."""
    person_id = register_person(sessions, vault, NEW, clerk, now).id
    with pytest.raises(LinkUnknown):
        card_data(sessions, vault, person_id)
    link_person(sessions, vault, NewLink(person_id, "330203"), clerk, now)
    with transaction(sessions) as session:
        unlink(session, person_id, clerk, now)
    with pytest.raises(LinkUnknown):
        card_data(sessions, vault, person_id)
    with pytest.raises(PersonUnknown):
        card_data(sessions, vault, "per_nobody")


@pytest.mark.parametrize("order", [f"{order:03d}" for order in range(1, 13)])
def test_two_counters_link_one_person_once(
    committed: Sessions, vault: SoftwareVault, clerk: Actor, now: datetime, order: str
) -> None:
    """One link and one first event, however many counters send it at once; who comes late is told to look again."""
    head = f"11010519491231{order}"
    number = head + str(calc_check_digit(head + "0"))
    person_id = register_person(committed, vault, NewPerson(number, "张示例"), clerk, now).id

    def attempt(_: int) -> str | None:
        try:
            return link_person(committed, vault, NewLink(person_id, "330203"), clerk, now).id
        except LinkStateRefused:
            return None

    with ThreadPoolExecutor(4) as pool:
        ids = {found for found in pool.map(attempt, range(4)) if found}
    assert len(ids) == 1
    with reading(committed) as session:
        assert [event.event for event in history(session, person_id)].count("link") == 1
