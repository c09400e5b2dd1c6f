"""Silent devices, old versions, waiting records."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from citizencard.merchants.outlets import NewOutlet, open_outlet
from citizencard.terminals.enrolment import enrol, issue_enrolment_code
from citizencard.terminals.errors import UnknownTerminal
from citizencard.terminals.health import (
    SILENT_AFTER_H,
    Current,
    Wanted,
    current_versions,
    health_figures,
    health_of,
    list_health,
)
from citizencard.terminals.heartbeats import Heartbeat, record_heartbeat
from citizencard.terminals.life import disable_terminal
from citizencard.terminals.models import TerminalKind
from citizencard.terminals.places import place_terminal
from citizencard.terminals.registry import NewBinding, register_terminal
from citizencard.terminals.shifts import sign_in
from tests.citizencard.terminals.make_terminals import MAKER, bind, bus_company, psam
from tests.citizencard.terminals.test_enrolment import public_key

HOUR = timedelta(hours=1)
CURRENT = Current(7, 9, {"bus_validator": "validator 2"})


def device(session: Session, kind: str, now: datetime) -> str:
    terminal_id = register_terminal(session, kind, kind, now=now).id
    enrol(session, issue_enrolment_code(session, terminal_id, now=now), public_key(), now=now)
    return terminal_id


def says(session: Session, terminal_id: str, now: datetime, *versions: int, software: str = "validator 2") -> None:
    parameters, hotlist, waiting = versions
    record_heartbeat(session, terminal_id, Heartbeat(software, parameters, hotlist, waiting, None, 0, 1), now)


def test_each_kind_is_silent_after_its_own_time(session: Session, now: datetime) -> None:
    """A metro gate that says nothing for two hours is broken; a bus is on its way. Who is stopped or has no key is not missed."""
    assert set(SILENT_AFTER_H) == set(TerminalKind)
    bus, gate, stopped = (device(session, kind, now) for kind in ("bus_validator", "metro_gate", "metro_gate"))
    register_terminal(session, "in its box", "metro_gate", now=now)
    disable_terminal(session, stopped, "broken", MAKER, now)

    def silent(at: datetime) -> set[str]:
        return {one.terminal.id for one in list_health(session, Wanted(silent=True), CURRENT, at)}

    assert silent(now + HOUR) == set()
    assert silent(now + 2 * HOUR) == {gate}
    assert silent(now + 25 * HOUR) == {gate, bus}
    says(session, gate, now + 25 * HOUR, 7, 9, 0)
    sign_in(session, bus, "1.0", now=now + 20 * HOUR)
    assert silent(now + 26 * HOUR) == set()
    heard = list_health(session, Wanted(silent=False, kind="metro_gate", state="active"), CURRENT, now + 26 * HOUR)
    assert gate in {one.terminal.id for one in heard}


def test_who_works_with_something_old_is_named(session: Session, now: datetime) -> None:
    """Software as its kind shall run, tariff and hotlist as in force; who never said anything is not behind."""
    old, new, other = (device(session, kind, now) for kind in ("bus_validator", "bus_validator", "pos"))
    device(session, "bus_validator", now)
    says(session, old, now, 6, 8, 40, software="validator 1")
    says(session, new, now, 7, 9, 2)
    says(session, other, now, 7, 8, 0, software="anything")
    found = {one.terminal.id: one.behind for one in list_health(session, Wanted(), CURRENT, now)}
    assert (found[old], found[new], found[other]) == (("software", "parameters", "hotlist"), (), ("hotlist",))
    for behind, ids in (("software", {old}), ("parameters", {old}), ("hotlist", {old, other}), ("any", {old, other})):
        assert {one.terminal.id for one in list_health(session, Wanted(behind=behind), CURRENT, now)} == ids
    figures = health_figures(session, CURRENT, now + 25 * HOUR)
    assert (figures.terminals, figures.disabled, figures.behind, figures.records_waiting) == (4, 0, 2, 42)
    assert figures.silent == 3
    one = health_of(session, old, CURRENT, now)
    assert one.heartbeat is not None
    assert (one.heartbeat.records_waiting, one.silent, one.binding) == (40, False, None)
    with pytest.raises(UnknownTerminal):
        health_of(session, "term_none", CURRENT, now)


def test_devices_are_found_by_merchant_outlet_kind_and_state(session: Session, now: datetime) -> None:
    """The depot's foreman sees his own buses, page by page."""
    merchant = bus_company(session, now)
    depot = open_outlet(session, NewOutlet(merchant, "Depot", "1 Depot Road"), MAKER, now).id
    ids = sorted(device(session, "bus_validator", now) for _ in range(3))
    device(session, "pos", now)
    bind(session, NewBinding(ids[0], psam(session, 1, now), merchant, 1), now)
    place_terminal(session, ids[1], depot, MAKER, now)
    disable_terminal(session, ids[2], "sold", MAKER, now)
    for wanted, expected in (
        (Wanted(merchant_id=merchant), ids[:1]),
        (Wanted(outlet_id=depot), ids[1:2]),
        (Wanted(state="disabled"), ids[2:]),
        (Wanted(kind="bus_validator"), ids),
        (Wanted(kind="bus_validator", limit=2), ids[:2]),
        (Wanted(kind="bus_validator", after=ids[1]), ids[2:]),
    ):
        assert [one.terminal.id for one in list_health(session, wanted, CURRENT, now)] == expected
    bound = health_of(session, ids[0], CURRENT, now).binding
    assert bound is not None
    assert (bound.merchant_id, bound.line) == (merchant, 1)


def test_a_city_without_tariff_and_hotlist_leaves_nobody_behind(session: Session, now: datetime) -> None:
    """On the first day there is nothing to have."""
    assert current_versions(session, now) == Current(0, 0, {})
