"""A workstation's reader agent becomes ours: paired by one person, confirmed by another who has compared the fingerprint, ended by either.

The agent shows a code; the page hands it origin, our public key and the code; it answers with its own key and signs all of that. Whoever
swapped a key on the way cannot make both fingerprints agree, which is what the second person looks at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.audit import Actor, record
from citizencard.db import flush_unique
from citizencard.keys.hsm import Hsm, Realm
from citizencard.staff.errors import LoginUnfit, OutletUnknown
from citizencard.staff.models import Outlet
from citizencard.workstations import messages
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
from citizencard.workstations.messages import AgentSaid
from citizencard.workstations.models import NAME_CHARS, AgentState, ReaderAgent

TEST: Final = "test"
PRODUCTION: Final = "production"
MAX_LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class Offer:
    """What a page hands to an agent together with the code; both are public.

    Args:
        origin: of our pages, as the browser names it.
        server_key: our public key, 32 bytes.
        realm: of this city's keys.
    """

    origin: str
    server_key: bytes
    realm: Realm

    def document(self) -> dict[str, str]:
        """The JSON form; the page adds `code` and posts it to the agent's `/pairings`."""
        return {"origin": self.origin, "server_key": self.server_key.hex().upper()}


@dataclass(frozen=True, slots=True)
class NewAgent:
    """An agent that is to be ours.

    Args:
        said: its answer; see `read_said`.
        name: of the workstation, 1 to 64 characters.
        outlet_id: where it stands; None for nowhere in particular.
    """

    said: AgentSaid
    name: str
    outlet_id: str | None


def offer(hsm: Hsm, public_url: str) -> Offer:
    """What we offer to agents.

    Raises:
        UnknownKeyVersion: the vault is older than reader agents; `citizencard keys add-missing` gives it their key.
    """
    return Offer(messages.origin_of(public_url), hsm.agent_signing_key(), hsm.realm)


def read_said(offered: Offer, document: Mapping[str, object], code: str) -> AgentSaid:
    """Read an agent's answer to our offer and check every word of it.

    Raises:
        AgentMessageMalformed: not of its form.
        AgentPairingRefused: its name does not follow from its key, or it has not signed exactly this offer and code.
        AgentRealmRefused: an emulated reader, in production.
    """
    said = AgentSaid.read(document, code)
    if said.agent != messages.agent_id(said.agent_key):
        raise AgentPairingRefused("the agent's name does not follow from its key")
    signed = said.signed_bytes(offered.server_key, offered.origin)
    if not messages.is_signed_by(said.agent_key, said.signature, signed):
        raise AgentPairingRefused("the agent has not signed this offer and this code")
    refuse_realm(offered.realm, said.realm)
    return said


def refuse_realm(ours: Realm, theirs: str) -> None:
    """Let no emulated reader into production.

    Raises:
        AgentRealmRefused: it is one.
    """
    if ours == PRODUCTION and theirs == TEST:
        raise AgentRealmRefused("an emulated reader is refused in production")


def pair(session: Session, offered: Offer, new: NewAgent, actor: Actor, now: datetime) -> ReaderAgent:
    """Note an agent whose answer `read_said` has checked. It gets no steps until another person has confirmed it.

    Raises:
        AgentKnown: it was paired before.
        OutletUnknown: there is no such outlet.
        LoginUnfit: the name is empty or too long.
    """
    if not 1 <= len(new.name.strip()) <= NAME_CHARS:
        raise LoginUnfit(f"a name has 1 to {NAME_CHARS} characters", field="name")
    if new.outlet_id is not None and session.get(Outlet, new.outlet_id) is None:
        raise OutletUnknown("there is no such outlet")
    known = AgentKnown("this agent was paired before")
    if session.get(ReaderAgent, new.said.agent) is not None:
        raise known
    agent = ReaderAgent(
        id=new.said.agent,
        public_key=new.said.agent_key,
        origin=offered.origin,
        realm=new.said.realm,
        outlet_id=new.outlet_id,
        name=new.name.strip(),
        state=AgentState.PAIRED,
        paired_by=actor.id,
        paired_person_id=actor.person_id or actor.id,
        paired_at=now,
    )
    session.add(agent)
    flush_unique(session, known)
    after = {"name": agent.name, "outlet": agent.outlet_id, "realm": agent.realm}
    record(session, actor, "reader_agent.pair", agent.id, after=after, now=now)
    return agent


def confirm(session: Session, agent_id: str, shown: str, actor: Actor, now: datetime) -> ReaderAgent:
    """Let an agent work: another person has read its fingerprint at the workstation.

    Args:
        session: joins the caller's transaction.
        agent_id: which one.
        shown: the fingerprint as the workstation shows it, typed by that person; blanks and case do not matter.
        actor: that person.
        now: when.

    Raises:
        UnknownAgent, AgentEnded: there is none.
        AgentPairedByYourself: the same human has paired it.
        FingerprintDiffers: the workstation shows another one.
    """
    agent = _locked(session, agent_id)
    if agent.state == AgentState.ENDED:
        raise AgentEnded("this agent is ours no longer")
    person_id = actor.person_id or actor.id
    if person_id == agent.paired_person_id:
        raise AgentPairedByYourself("another person confirms")
    if "".join(shown.split()).upper() != messages.fingerprint(agent.public_key).replace(" ", ""):
        raise FingerprintDiffers("the workstation shows another fingerprint")
    if agent.state == AgentState.PAIRED:
        agent.state = AgentState.CONFIRMED
        agent.confirmed_by, agent.confirmed_person_id, agent.confirmed_at = actor.id, person_id, now
        session.flush()
        record(session, actor, "reader_agent.confirm", agent.id, now=now)
    return agent


def end(session: Session, agent_id: str, actor: Actor, now: datetime) -> ReaderAgent:
    """An agent is ours no longer: it gets no step, and no answer of it is heard. Ending it again changes nothing.

    Raises:
        UnknownAgent: there is none.
    """
    agent = _locked(session, agent_id)
    if agent.state != AgentState.ENDED:
        agent.state, agent.ended_at = AgentState.ENDED, now
        session.flush()
        record(session, actor, "reader_agent.end", agent.id, now=now)
    return agent


def find_agent(session: Session, agent_id: str) -> ReaderAgent:
    """An agent by its name.

    Raises:
        UnknownAgent: there is none.
    """
    agent = session.get(ReaderAgent, agent_id) if messages.AGENT.fullmatch(agent_id) else None
    if agent is None:
        raise UnknownAgent("there is no such agent")
    return agent


def usable_agent(session: Session, agent_id: str) -> ReaderAgent:
    """An agent that may get steps and whose answers are heard.

    Raises:
        UnknownAgent: there is none.
        AgentNotConfirmed: nobody has compared its fingerprint yet.
        AgentEnded: it is ours no longer.
    """
    agent = find_agent(session, agent_id)
    if agent.state == AgentState.ENDED:
        raise AgentEnded("this agent is ours no longer")
    if agent.state != AgentState.CONFIRMED:
        raise AgentNotConfirmed("a supervisor confirms it first")
    return agent


def list_agents(
    session: Session, *, outlet_id: str | None = None, after: str = "", limit: int = MAX_LISTED
) -> list[ReaderAgent]:
    """Agents by id, those that were ended too; of one outlet, if it is named."""
    wanted = select(ReaderAgent).where(ReaderAgent.id > after).order_by(ReaderAgent.id).limit(min(limit, MAX_LISTED))
    if outlet_id is not None:
        wanted = wanted.where(ReaderAgent.outlet_id == outlet_id)
    return list(session.scalars(wanted))


def _locked(session: Session, agent_id: str) -> ReaderAgent:
    found = find_agent(session, agent_id)
    return session.scalars(
        select(ReaderAgent).where(ReaderAgent.id == found.id).with_for_update(),
        execution_options={"populate_existing": True},
    ).one()
