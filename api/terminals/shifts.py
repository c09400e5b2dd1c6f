"""A device's day: it makes itself known once, signs in, and fetches what it works with."""

import base64
from typing import Any

from api.auth import signer
from api.city import city, now, request_id
from api.face import Face, Shapes
from api.schemas.terminals import (
    DeviceTableAnswer,
    Enrolment,
    EnrolmentAnswer,
    EnrolmentRequest,
    HotlistAnswer,
    ShiftBegun,
    TerminalSignInAnswer,
    TerminalSignInRequest,
)
from api.signatures import check_possession
from citizencard.audit import Actor, record
from citizencard.cards.hotlist import hotlist_snapshot, hotlist_version
from citizencard.db import reading, transaction
from citizencard.tariffs.device import LAYOUT, compile_table
from citizencard.tariffs.errors import NoTariffInForce
from citizencard.tariffs.versions import in_force, read_version
from citizencard.terminals.enrolment import Enrolled, check_public_key, enrol
from citizencard.terminals.models import AcknowledgedKind
from citizencard.terminals.shifts import acknowledge, sign_in

face = Face("Devices", "/terminals", "Enrolment, sign-in, fares and hotlist.")


@face.post("/enrolments", Shapes(gives=EnrolmentAnswer, takes=EnrolmentRequest, status=201))
def enrol_a_device(given: Enrolment) -> Enrolled:
    """Make a device known by its one-time code and its own public key.

    The request is signed with that key, which proves that the device has it. The same code with the same key again gives the same answer.
    """
    check_public_key(given.public_key)
    check_possession(given.public_key, given.terminal.hex().upper())
    with transaction(city().sessions) as session:
        enrolled = enrol(session, given.code, given.public_key, now=now())
        device = Actor("terminal", enrolled.terminal_id, request_id=request_id())
        after = {"public_key": enrolled.public_key}
        record(session, device, "terminal.enrol", enrolled.terminal_id, after=after, now=now())
        return enrolled


@face.post("/sign-ins", Shapes(gives=TerminalSignInAnswer, takes=TerminalSignInRequest))
def begin_a_shift(given: ShiftBegun) -> dict[str, object]:
    """Begin a shift (签到): the next batch number, and the versions in force."""
    with transaction(city().sessions) as session:
        begun = sign_in(session, signer().terminal_id, given.software, now=now())
        try:
            parameter_version = in_force(session, now()).version
        except NoTariffInForce:
            parameter_version = 0
        hotlist = hotlist_version(session, now())
    return {
        "batch": begun.batch,
        "parameter_version": parameter_version,
        "hotlist_version": hotlist,
        "server_time": now(),
    }


@face.get("/parameters", Shapes(gives=DeviceTableAnswer))
def fetch_parameters() -> dict[str, Any]:
    """The device table in force: what rides and stays cost, in the published bytes. That this terminal has fetched it is written down."""
    with reading(city().sessions) as session:
        tariff = read_version(in_force(session, now()))
    table = compile_table(tariff)
    with transaction(city().sessions) as session:
        acknowledge(session, signer().terminal_id, AcknowledgedKind.PARAMETERS, tariff.version, now=now())
    return {
        "layout": LAYOUT,
        "version": tariff.version,
        "effective_from": tariff.effective_from,
        "table": base64.b64encode(table).decode("ascii"),
    }


@face.get("/hotlist", Shapes(gives=HotlistAnswer))
def fetch_hotlist() -> dict[str, object]:
    """The cards that devices refuse, sorted. That this terminal has fetched this version is written down: it decides who bears a tap."""
    with transaction(city().sessions) as session:
        version, serials = hotlist_snapshot(session, now())
        acknowledge(session, signer().terminal_id, AcknowledgedKind.HOTLIST, version, now=now())
    return {"version": version, "serials": serials}
