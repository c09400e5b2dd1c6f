"""Silent terminals: no tap and no heartbeat while others of the line work."""

from dataclasses import replace
from datetime import timedelta

from citizencard.db import transaction
from citizencard.purse.uploads.flow import take_batch
from citizencard.purse.uploads.models import FindingKind
from citizencard.terminals.enrolment import enrol, issue_enrolment_code
from citizencard.terminals.heartbeats import Heartbeat, record_heartbeat
from citizencard.terminals.registry import BIND, NewBinding, bind_terminal, register_psam, register_terminal
from tests.citizencard.purse.uploads.make_records import Device, a_device, approved, file_of, tap
from tests.citizencard.settlement.clearing.looking import found
from tests.citizencard.settlement.histories.make_histories import Nights

ALIVE = Heartbeat("1.0", 3, 0, 0, None, 0, 1_000)


def test_a_terminal_is_missed_while_its_line_works(nights: Nights) -> None:
    """Of two buses of line 1 one says nothing for two days; its heartbeat, and then its taps, end the search."""
    other = _second_bus_of_line_1(nights)
    nights.upload(nights.ride(30, terminal_sequence=77, card_counter=1))
    _upload(nights, other, 60, 2)
    nights.close()
    assert found(nights, FindingKind.SILENT_TERMINAL) == set()
    nights.now += timedelta(days=2)
    _upload(nights, other, 60, 3)
    nights.close()
    assert found(nights, FindingKind.SILENT_TERMINAL) == {77}
    with transaction(nights.sessions) as session:
        record_heartbeat(session, nights.city.bus1.terminal_id, ALIVE, nights.now)
    nights.close()
    assert found(nights, FindingKind.SILENT_TERMINAL) == set()


def test_a_line_that_stands_still_is_not_silent(nights: Nights) -> None:
    """At a holiday no bus of the line runs: nobody is looked for."""
    nights.upload(nights.ride(30, card_counter=1))
    nights.close()
    nights.now += timedelta(days=2)
    nights.close()
    assert found(nights, FindingKind.SILENT_TERMINAL) == set()


def _second_bus_of_line_1(nights: Nights) -> Device:
    with transaction(nights.sessions) as session:
        then = nights.now - timedelta(hours=20)
        bus = a_device(9, register_terminal(session, "Bus 9", "bus_validator", now=then).id)
        code = issue_enrolment_code(session, bus.terminal_id, now=then)
        enrol(session, code, bus.key.public_key().public_bytes_raw(), now=then)
        register_psam(session, bus.psam_serial, bus.number, now=then)
        binding = NewBinding(bus.terminal_id, bus.psam_serial, nights.city.merchant_id, 1, then)
        bind_terminal(session, binding, approved(session, BIND, binding.payload(), then), now=then)
        return replace(bus, line=1)


def _upload(nights: Nights, bus: Device, minutes_ago: int, counter: int) -> None:
    at = nights.now - timedelta(minutes=minutes_ago)
    ride = tap(bus, nights.city.adult, at, 180, card_counter=counter)
    take_batch(nights.sessions, nights.hsm, bus.terminal_id, file_of(bus, [ride]), nights.now)
