"""Which reader agent stands at this workstation: the browser was told when it was paired or chosen here."""

from dataclasses import dataclass
from typing import Final

from flask import Response, request

from api.city import city
from api.web.cookies import give
from citizencard.db import reading
from citizencard.workstations.errors import UnknownAgent
from citizencard.workstations.messages import AGENT
from citizencard.workstations.models import ReaderAgent
from citizencard.workstations.pairing import find_agent

COOKIE: Final = "__Host-citizencard-agent"
KEPT_S: Final = 365 * 24 * 3600
NONE: Final = "none"


@dataclass(frozen=True, slots=True)
class Here:
    """The reader agent of this workstation.

    Args:
        agent: as it is known; None when nobody has paired or chosen one here.
        state: none, paired (waits for a supervisor), confirmed, or ended.
    """

    agent: ReaderAgent | None
    state: str

    @property
    def is_usable(self) -> bool:
        """Whether steps can be signed for it."""
        return self.state == "confirmed"


def agent_here() -> Here:
    """The agent that the browser names. It is no secret and no proof: what it may do is decided by the agent's own signature."""
    name = request.cookies.get(COOKIE, "")
    if not AGENT.fullmatch(name):
        return Here(None, NONE)
    with reading(city().sessions) as session:
        try:
            found = find_agent(session, name)
        except UnknownAgent:
            return Here(None, NONE)
        session.expunge_all()
    return Here(found, found.state)


def remember(answer: Response, agent_id: str) -> None:
    """Let this browser name the agent from now on."""
    give(answer, COOKIE, agent_id, KEPT_S)
