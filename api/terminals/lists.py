"""What devices work with, by version: parameters, the hotlist, other cities' issuers."""

import base64
from typing import Any, Final

from flask import Response

from api.auth import signer
from api.city import city, now
from api.face import Face, Shapes
from api.schemas.terminals import (
    DeviceTableAnswer,
    HotlistQuery,
    HotlistWanted,
    IssuerListAnswer,
    ParametersQuery,
    ParametersWanted,
)
from citizencard.cards.hotlist_downloads import download
from citizencard.cards.hotlist_publications import is_due, latest, publish
from citizencard.db import reading, transaction
from citizencard.terminals.issuers import IssuerList, issuer_list, issuer_version, issuers_are_due, publish_issuers
from citizencard.terminals.parameters import device_table
from citizencard.terminals.shifts import WorksWith, take_word

OCTETS: Final = "application/octet-stream"
BYTES: Final = {"type": "string", "format": "binary"}

face = Face("Lists of devices", "/terminals", "Parameters, hotlist and issuers, by version.")


def publish_due() -> tuple[int, int]:
    """Publish the hotlist and the list of issuers if anything is due for them; returns the versions in force."""
    with reading(city().sessions) as session:
        hotlist = None if is_due(session, now()) else latest(session).version
        issuers = None if issuers_are_due(session, now()) else issuer_version(session)
    if hotlist is None:
        with transaction(city().sessions) as session:
            hotlist = publish(session, now()).version
    if issuers is None:
        with transaction(city().sessions) as session:
            issuers = publish_issuers(session, now())
    return hotlist, issuers


@face.get("/parameters", Shapes(gives=DeviceTableAnswer, query=ParametersQuery))
def fetch_parameters(wanted: ParametersWanted) -> dict[str, Any]:
    """The device table in force, or with `version` one that will come: what rides and stays cost, in the published bytes."""
    with reading(city().sessions) as session:
        found = device_table(session, wanted.version, now())
    return {
        "layout": found.layout,
        "version": found.version,
        "effective_from": found.effective_from,
        "table": base64.b64encode(found.table).decode("ascii"),
    }


@face.get("/hotlist", Shapes(gives=None, query=HotlistQuery, answer=(OCTETS, BYTES)))
def fetch_hotlist(wanted: HotlistWanted) -> Response:
    """The cards, ranges and modules that devices refuse, in the published bytes (`CCH1`): a delta to version `since`, or the full list.

    With the version in force as `since` the delta has no changes, and its digest tells whether the device's list is whole. That the device
    works with version `since` is written down: it decides who bears a tap.
    """
    publish_due()
    with reading(city().sessions) as session:
        packed = download(session, latest(session), wanted.since)
    if wanted.since:
        with transaction(city().sessions) as session:
            take_word(session, signer().terminal_id, WorksWith(hotlist_version=wanted.since), now=now())
    return Response(packed, 200, content_type=OCTETS)


@face.get("/issuers", Shapes(gives=IssuerListAnswer))
def fetch_issuers() -> IssuerList:
    """Issuers of other cities whose cards devices know."""
    publish_due()
    with reading(city().sessions) as session:
        return issuer_list(session)
