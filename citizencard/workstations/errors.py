"""Refusals about workstations and their reader agents."""

from typing import ClassVar

from citizencard.errors import CitizencardError


class WorkstationsError(CitizencardError):
    """Something about a workstation is refused."""

    code = "workstation_refused"


class AgentMessageMalformed(WorkstationsError):
    """What the reader agent sent is not of its form."""

    code = "agent_message_malformed"
    public: ClassVar[tuple[str, ...]] = ("field",)


class AgentPairingRefused(WorkstationsError):
    """The reader agent has not agreed to this pairing: its signature does not fit the server, the code or itself."""

    code = "agent_pairing_refused"


class AgentKnown(WorkstationsError):
    """This reader agent was paired before: un-pair it at the workstation, and it gets a new key."""

    code = "agent_known"


class UnknownAgent(WorkstationsError):
    """There is no such reader agent."""

    code = "unknown_agent"


class AgentNotConfirmed(WorkstationsError):
    """A supervisor has not confirmed this reader agent yet."""

    code = "agent_not_confirmed"


class AgentEnded(WorkstationsError):
    """This reader agent belongs to us no longer."""

    code = "agent_ended"


class AgentRealmRefused(WorkstationsError):
    """Emulated readers have no place in production."""

    code = "agent_realm_refused"


class FingerprintDiffers(WorkstationsError):
    """The fingerprint that the workstation shows is another one: somebody may stand in between."""

    code = "fingerprint_differs"


class AgentPairedByYourself(WorkstationsError):
    """Another person confirms a reader agent than the one who paired it."""

    code = "agent_paired_by_yourself"


class UnknownAgentSession(WorkstationsError):
    """There is no such session with a card of yours: begin a new one."""

    code = "unknown_agent_session"


class AgentAnswerForged(WorkstationsError):
    """The answer is not what the reader agent has signed for this step."""

    code = "agent_answer_forged"


class AgentAnswerTaken(WorkstationsError):
    """This step was answered before: begin a new session, the card says how far it came."""

    code = "agent_answer_taken"


class AgentAnswerLate(WorkstationsError):
    """The answer comes too late: begin a new session, the card says how far it came."""

    code = "agent_answer_late"
