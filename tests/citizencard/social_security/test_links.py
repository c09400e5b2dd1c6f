"""A person's place in social security over the years."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from citizencard.audit import Actor
from citizencard.clock import beijing_date
from citizencard.keys.vault import SoftwareVault
from citizencard.people.registry import NewPerson, PersonalData, register, seal, unsealed
from citizencard.social_security.errors import (
    InsuranceUnfit,
    LinkStateRefused,
    LinkUnknown,
    NationUnfit,
    NumberLinkedElsewhere,
    RegionUnfit,
)
from citizencard.social_security.links import (
    NewLink,
    begin_transfer_out,
    find_link,
    history,
    link,
    medical_use_allowed,
    seal_link,
    set_insurances,
    unlink,
)
from tests.citizencard.dump import dump

NUMBER, NAME = "11010519491231002X", "张示例"
LATER = timedelta(days=365)


@pytest.fixture
def person(session: Session, vault: SoftwareVault, clerk: Actor, now: datetime) -> PersonalData:
    """A registered resident."""
    return unsealed(vault, register(session, seal(vault, NewPerson(NUMBER, NAME), beijing_date(now)), clerk, now))


def new(person: PersonalData, region: str = "330203", **insurances: str) -> NewLink:
    return NewLink(person.person_id, region, insurances, "01")


def test_link_lives_through_moving_away_and_coming_back(
    session: Session, vault: SoftwareVault, person: PersonalData, clerk: Actor, now: datetime
) -> None:
    """Linked, moving away with medical use frozen, unlinked, linked again elsewhere: one row, the whole history kept."""
    found = link(session, seal_link(vault, person, new(person, medical="insured")), clerk, now)
    assert found.insurances == {
        "pension": "none",
        "unemployment": "none",
        "medical": "insured",
        "work_injury": "none",
        "maternity": "none",
    }
    assert medical_use_allowed(found)
    begin_transfer_out(session, person.person_id, clerk, now)
    assert not medical_use_allowed(found)
    assert unlink(session, person.person_id, clerk, now).status == "unlinked"
    back = link(session, seal_link(vault, person, new(person, "310115"), found.id), clerk, now + LATER)
    assert (back.id, back.status, back.region_code, back.linked_at) == (found.id, "linked", "310115", now + LATER)
    events = [(event.event, event.region_code) for event in history(session, person.person_id)]
    assert events == [("link", "330203"), ("transfer_out", "330203"), ("unlink", "330203"), ("link", "310115")]


def test_states_of_insurances_change_one_by_one(
    session: Session, vault: SoftwareVault, person: PersonalData, clerk: Actor, now: datetime
) -> None:
    """What the bureau says about one insurance does not touch the others, and a paused medical insurance pays no hospital."""
    found = link(session, seal_link(vault, person, new(person, pension="insured", medical="insured")), clerk, now)
    set_insurances(session, person.person_id, {"medical": "paused"}, clerk, now)
    link(session, seal_link(vault, person, new(person, maternity="ended"), found.id), clerk, now)
    assert found.insurances["pension"] == "insured"
    assert found.insurances["medical"] == "paused"
    assert found.insurances["maternity"] == "ended"
    assert not medical_use_allowed(found)
    assert [event.event for event in history(session, person.person_id)] == ["link", "update", "update"]


def test_person_is_in_one_region_at_a_time(
    session: Session, vault: SoftwareVault, person: PersonalData, clerk: Actor, now: datetime
) -> None:
    """Another region has to wait until the first one let go."""
    found = link(session, seal_link(vault, person, new(person)), clerk, now)
    with pytest.raises(LinkStateRefused):
        link(session, seal_link(vault, person, new(person, "310115"), found.id), clerk, now)
    begin_transfer_out(session, person.person_id, clerk, now)
    with pytest.raises(LinkStateRefused):
        link(session, seal_link(vault, person, new(person), found.id), clerk, now)
    with pytest.raises(LinkStateRefused):
        begin_transfer_out(session, person.person_id, clerk, now)
    unlink(session, person.person_id, clerk, now)
    with pytest.raises(LinkStateRefused):
        unlink(session, person.person_id, clerk, now)


def test_second_counter_does_not_store_ciphertexts_of_another_row(
    session: Session, vault: SoftwareVault, person: PersonalData, clerk: Actor, now: datetime
) -> None:
    """Two counters that link one person at once: the second one is told to look again."""
    sealed = [seal_link(vault, person, new(person)) for _ in range(2)]
    link(session, sealed[0], clerk, now)
    with pytest.raises(LinkStateRefused):
        link(session, sealed[1], clerk, now)


def test_number_belongs_to_one_person(
    session: Session, vault: SoftwareVault, person: PersonalData, clerk: Actor, now: datetime
) -> None:
    """A social-security number stands with one person only."""
    link(session, seal_link(vault, person, new(person)), clerk, now)
    other = register(session, seal(vault, NewPerson("330203199001011017", "李样本"), beijing_date(now)), clerk, now)
    thief = PersonalData(other.id, person.document_type, NUMBER, NAME, None)
    with pytest.raises(NumberLinkedElsewhere):
        link(session, seal_link(vault, thief, new(thief)), clerk, now)


def test_nobody_is_linked_who_is_not(session: Session, clerk: Actor, now: datetime) -> None:
    """Without a link there is nothing to move, to end or to bring up to date."""
    with pytest.raises(LinkUnknown):
        unlink(session, "per_nobody", clerk, now)
    with pytest.raises(LinkUnknown):
        set_insurances(session, "per_nobody", {}, clerk, now)
    assert find_link(session, "per_nobody") is None
    assert history(session, "per_nobody") == []


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (NewLink("per_1", "33020"), RegionUnfit),
        (NewLink("per_1", "33020x"), RegionUnfit),
        (NewLink("per_1", "330203", nation="57"), NationUnfit),
        (NewLink("per_1", "330203", {"health": "insured"}), InsuranceUnfit),
        (NewLink("per_1", "330203", {"medical": "yes"}), InsuranceUnfit),
    ],
)
def test_unusable_entries_are_refused(
    vault: SoftwareVault, wrong: NewLink, error: type[Exception], person: PersonalData
) -> None:
    """Regions, nations and insurances are those that exist."""
    with pytest.raises(error):
        seal_link(vault, person, wrong)


def test_thief_of_the_database_learns_no_number(
    session: Session, vault: SoftwareVault, person: PersonalData, clerk: Actor, now: datetime
) -> None:
    """The social-security number is in no row and no repr, and cannot be matched with the register by equality."""
    sealed = seal_link(vault, person, new(person))
    found = link(session, sealed, clerk, now)
    seen = dump(session) + repr(found) + repr(sealed) + repr(new(person))
    assert NUMBER not in seen
    assert NAME not in seen
    register_index = session.execute(text("SELECT document_index FROM person")).scalar_one()
    assert bytes(register_index) != found.number_index


def test_history_is_not_rewritten(
    session: Session, vault: SoftwareVault, person: PersonalData, clerk: Actor, now: datetime
) -> None:
    """What happened to a link stays on record, whoever would have it otherwise."""
    link(session, seal_link(vault, person, new(person)), clerk, now)
    for statement in ("DELETE FROM social_security_event", "UPDATE social_security_event SET event = 'unlink'"):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text(statement))
