"""A device's shift: it signs in, says how it is now and then, and signs out with its totals."""

from datetime import timedelta
from typing import Final

from api.auth import signer
from api.city import city, now
from api.face import Face, Shapes
from api.schemas.terminals import (
    GapsAnswer,
    GapsRequest,
    HeartbeatAnswer,
    HeartbeatRequest,
    HeartbeatSaid,
    NoDebits,
    ShiftBegun,
    ShiftEnded,
    TerminalSignInAnswer,
    TerminalSignInRequest,
    TerminalSignOutAnswer,
    TerminalSignOutRequest,
)
from api.terminals.lists import publish_due
from citizencard.db import transaction
from citizencard.purse.sign_outs import SignOut, sign_out
from citizencard.purse.uploads.batches import MAX_RECORDS
from citizencard.terminals.gaps import Gap, answer_no_debit, gaps_to_ask
from citizencard.terminals.heartbeats import Heartbeat, record_heartbeat
from citizencard.terminals.parameters import upcoming, version_in_force
from citizencard.terminals.shifts import WorksWith, key_made_at, sign_in, take_word

HEARTBEAT_EVERY_S: Final = 300
UPLOAD_AFTER: Final = timedelta(hours=12)
"""A tap that waits longer is asked for: what has not come in is not in anybody's books."""
UPLOAD_FROM_RECORDS: Final = 20_000
ROTATE_AFTER: Final = timedelta(days=365)

face = Face("Devices", "/terminals", "Shifts of devices: sign-in, heartbeats, missing records, sign-out.")


@face.post("/sign-ins", Shapes(gives=TerminalSignInAnswer, takes=TerminalSignInRequest))
def begin_a_shift(given: ShiftBegun) -> dict[str, object]:
    """Begin a shift (签到): the next batch number, the versions in force and those that will come, and what is missing.

    What the device says that it works with is written down: it decides who bears a tap on a lost card.
    """
    hotlist, issuers = publish_due()
    terminal_id = signer().terminal_id
    with transaction(city().sessions) as session:
        begun = sign_in(session, terminal_id, given.software, now=now())
        take_word(session, terminal_id, given.works_with, now=now())
        return {
            "batch": begun.batch,
            "parameter_version": version_in_force(session, now()),
            "upcoming": upcoming(session, now()),
            "hotlist_version": hotlist,
            "issuer_version": issuers,
            "gaps": gaps_to_ask(session, terminal_id, now()),
            "most_records": MAX_RECORDS,
            "heartbeat_every_s": HEARTBEAT_EVERY_S,
            "server_time": now(),
        }


@face.post("/heartbeats", Shapes(gives=HeartbeatAnswer, takes=HeartbeatRequest))
def say_how_it_is(said: HeartbeatSaid) -> dict[str, object]:
    """Say how the device is and what it works with; the answer says what to do: fetch, upload, answer about gaps, make a new key."""
    hotlist, issuers = publish_due()
    terminal_id = signer().terminal_id
    works_with = said.works_with
    with transaction(city().sessions) as session:
        parameters = version_in_force(session, now())
        record_heartbeat(session, terminal_id, _heartbeat(said), now())
        take_word(session, terminal_id, works_with, now=now())
        missing = gaps_to_ask(session, terminal_id, now())
        key_made = key_made_at(session, terminal_id)
        coming = upcoming(session, now())
    wanted = WorksWith(parameters, hotlist, issuers)
    fetch = {
        "parameters": wanted.parameter_version not in (0, works_with.parameter_version),
        "hotlist": wanted.hotlist_version not in (0, works_with.hotlist_version),
        # Also when there is no list: then the device drops the one that it says it has.
        "issuers": wanted.issuer_version != works_with.issuer_version,
    }
    waits_long = said.oldest_waiting_at is not None and now() - said.oldest_waiting_at >= UPLOAD_AFTER
    return {
        "fetch": [name for name, differs in fetch.items() if differs],
        "parameter_version": parameters,
        "upcoming": coming,
        "hotlist_version": hotlist,
        "issuer_version": issuers,
        "gaps": missing,
        "upload_now": said.records_waiting > 0 and (waits_long or said.records_waiting >= UPLOAD_FROM_RECORDS),
        "rotate_key": now() - key_made >= ROTATE_AFTER,
        "heartbeat_every_s": HEARTBEAT_EVERY_S,
        "server_time": now(),
    }


@face.post("/gaps", Shapes(gives=GapsAnswer, takes=GapsRequest))
def answer_about_gaps(said: NoDebits) -> dict[str, object]:
    """Say for which of the missing sequences no debit was made; records that there are, are uploaded instead.

    It counts for modules that were never in another device. The answer names what is closed by it.
    """
    gaps = [Gap(gap["terminal_number"], gap["first"], gap["last"]) for gap in said.no_debit]
    with transaction(city().sessions) as session:
        return {"closed": answer_no_debit(session, signer().terminal_id, gaps, now())}


@face.post("/sign-outs", Shapes(gives=TerminalSignOutAnswer, takes=TerminalSignOutRequest))
def end_a_shift(said: ShiftEnded) -> dict[str, object]:
    """End a shift (签退): the device's totals against what has arrived.

    What is missing is named; the device uploads it and sends the totals again.
    """
    totals = SignOut(
        said.batch, said.psam_serial, said.first_sequence, said.last_sequence, said.records, said.amount_fen
    )
    with transaction(city().sessions) as session:
        found = sign_out(session, signer().terminal_id, totals, now=now())
    return {
        "batch": found.batch,
        "agrees": found.agrees,
        "records": found.records,
        "amount_fen": found.amount_fen,
        "missing": [{"first": first, "last": last} for first, last in found.missing],
        "server_time": now(),
    }


def _heartbeat(said: HeartbeatSaid) -> Heartbeat:
    offset = now() - said.device_time
    return Heartbeat(
        software=said.software,
        parameter_version=said.parameter_version,
        hotlist_version=said.hotlist_version,
        records_waiting=said.records_waiting,
        oldest_waiting_at=said.oldest_waiting_at,
        clock_offset_s=round(offset.total_seconds()),
        free_kb=said.free_kb,
        faults=said.faults,
    )
