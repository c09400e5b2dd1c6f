"""Reader agents that become ours, by four eyes."""

from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from citizencard.audit import AuditEntry
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.staff.errors import LoginUnfit, OutletUnknown
from citizencard.staff.outlets import open_outlet
from citizencard.workstations import pairing
from citizencard.workstations.errors import (
    AgentEnded,
    AgentKnown,
    AgentNotConfirmed,
    AgentPairedByYourself,
    AgentPairingRefused,
    AgentRealmRefused,
    FingerprintDiffers,
    UnknownAgent,
)
from citizencard.workstations.messages import agent_id, fingerprint
from citizencard.workstations.models import AgentState, ReaderAgent
from citizencard.workstations.pairing import NewAgent, Offer
from tests.citizencard.keys.make_vault import random_vault
from tests.citizencard.workstations.desk import CLERK, ORIGIN, PUBLIC_URL, SUPERVISOR, Counter


def test_one_pairs_and_another_confirms(counter: Counter) -> None:
    """A clerk pairs the desk's agent, a supervisor reads its fingerprint at the desk, and only then it works."""
    agent_id = counter.pair()
    shown = fingerprint(counter.desk.folder.public_key)
    with transaction(counter.sessions) as session:
        with pytest.raises(AgentNotConfirmed):
            pairing.usable_agent(session, agent_id)
        with pytest.raises(AgentPairedByYourself):
            pairing.confirm(session, agent_id, shown, CLERK, counter.now)
        for wrong in ("", fingerprint(b"\x01" * 32), shown[:-1]):
            with pytest.raises(FingerprintDiffers):
                pairing.confirm(session, agent_id, wrong, SUPERVISOR, counter.now)
        agent = pairing.confirm(session, agent_id, f" {shown.lower()}\n", SUPERVISOR, counter.now)
        assert (agent.state, agent.confirmed_by, agent.origin) == (AgentState.CONFIRMED, SUPERVISOR.id, ORIGIN)
        pairing.confirm(session, agent_id, shown, SUPERVISOR, counter.now)
        assert pairing.usable_agent(session, agent_id).id == counter.desk.folder.agent
        acts = session.scalars(select(AuditEntry.act).where(AuditEntry.subject == agent_id))
        assert list(acts) == ["reader_agent.pair", "reader_agent.confirm"]


def test_ended_agent_does_not_come_back(counter: Counter) -> None:
    """A stolen notebook is ended, and neither confirmed nor paired again with its old key."""
    agent_id = counter.confirm()
    with transaction(counter.sessions) as session:
        for _ in range(2):
            assert pairing.end(session, agent_id, SUPERVISOR, counter.now).ended_at == counter.now
        with pytest.raises(AgentEnded):
            pairing.usable_agent(session, agent_id)
        shown = fingerprint(counter.desk.folder.public_key)
        with pytest.raises(AgentEnded):
            pairing.confirm(session, agent_id, shown, SUPERVISOR, counter.now)
        with pytest.raises(UnknownAgent):
            pairing.end(session, "agt_none", SUPERVISOR, counter.now)
        for unknown in ("agt_none", "agt_" + "0" * 32, "agt_\0"):
            with pytest.raises(UnknownAgent):
                pairing.find_agent(session, unknown)


def test_agent_must_have_agreed_to_exactly_this(counter: Counter) -> None:
    """Somebody in between who swaps a key, the origin, the code or the realm does not get through."""
    offered = pairing.offer(counter.hsm, PUBLIC_URL)
    said, code = counter.desk.say(offered.document())
    pairing.read_said(offered, said, code)
    other = b"\x05" * 32
    for offer, told, typed in (
        (Offer("https://card.example.com", offered.server_key, "test"), said, code),
        (Offer(ORIGIN, other, "test"), said, code),
        (offered, said, "AAAA-AAAA"),
        (offered, {**said, "realm": "unproven"}, code),
        (offered, {**said, "agent_key": other.hex().upper()}, code),
        (offered, {**said, "agent_key": other.hex().upper(), "agent": agent_id(other)}, code),
        (offered, {**said, "agent": agent_id(other)}, code),
        (offered, {**said, "signature": "00" * 64}, code),
    ):
        with pytest.raises(AgentPairingRefused):
            pairing.read_said(offer, told, typed)


def test_emulated_reader_stays_out_of_production(counter: Counter, tmp_path: Path) -> None:
    """A made-up reader with made-up cards is not paired where the money is real."""
    production = pairing.offer(random_vault(tmp_path, "production"), PUBLIC_URL)
    said, code = counter.desk.say(production.document())
    assert said["realm"] == "test"
    with pytest.raises(AgentRealmRefused):
        pairing.read_said(production, said, code)
    pairing.refuse_realm("production", "unproven")
    pairing.refuse_realm("test", "test")


def test_agent_is_paired_once_at_a_place_that_exists(counter: Counter) -> None:
    """The same agent twice, an outlet that is none, a desk without a name: refused."""
    offered = pairing.offer(counter.hsm, PUBLIC_URL)
    said = pairing.read_said(offered, *counter.desk.say(offered.document()))
    with transaction(counter.sessions) as session:
        outlet = open_outlet(session, "人民路服务厅", SUPERVISOR, counter.now)
        with pytest.raises(OutletUnknown):
            pairing.pair(session, offered, NewAgent(said, "counter 1", "out_none"), CLERK, counter.now)
        with pytest.raises(LoginUnfit):
            pairing.pair(session, offered, NewAgent(said, " ", outlet.id), CLERK, counter.now)
        paired = pairing.pair(session, offered, NewAgent(said, "counter 1", outlet.id), CLERK, counter.now)
        with pytest.raises(AgentKnown):
            pairing.pair(session, offered, NewAgent(said, "counter 2", outlet.id), CLERK, counter.now)
        assert pairing.list_agents(session) == [paired]
        assert pairing.list_agents(session, outlet_id=outlet.id) == [paired]
        assert pairing.list_agents(session, outlet_id="out_none") == []
        assert pairing.list_agents(session, after=paired.id) == []


def test_database_itself_wants_two_people(sessions: Sessions, vault: SoftwareVault, counter: Counter) -> None:
    """Even a slip in the program lets nobody confirm what he has paired himself."""
    paired = counter.pair()
    alone = {"confirmed_by": CLERK.id, "confirmed_person_id": CLERK.person_id, "confirmed_at": counter.now}
    for values in ({"state": "confirmed"}, {"state": "confirmed", **alone}):
        with pytest.raises(IntegrityError), transaction(sessions) as session:
            session.execute(update(ReaderAgent).where(ReaderAgent.id == paired).values(values))
    with reading(sessions) as session:
        assert pairing.find_agent(session, paired).state == AgentState.PAIRED
    assert vault.realm == "test"
