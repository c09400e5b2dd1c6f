"""Shapes about workstations' reader agents. What agents say is passed on as it is and read by its own strict reader."""

from dataclasses import dataclass, field
from typing import Any, Final

from marshmallow import fields

from api.schemas.fields import Flag, Hex, Id, Instant, Kind, SubjectId, Text
from api.schemas.shape import Answer, Request

MAX_CODE_CHARACTERS: Final = 32
MAX_FINGERPRINT_CHARACTERS: Final = 64
_AGENT: Final = {"pattern": "^agt_[0-9A-F]{32}$", "examples": ["agt_6A3803D5F059902A1C6DAFBC9BA47292"]}


class AgentOfferAnswer(Answer):
    """What a page hands to an agent, together with the code that the agent shows."""

    object = Kind("reader_agent_offer")
    origin = fields.String(required=True, metadata={"description": "of the server's pages"})
    server_key = Hex(32, required=True, metadata={"description": "Ed25519 public key that steps are signed with"})


@dataclass(frozen=True, slots=True)
class AgentWanted:
    """An agent that has answered our offer."""

    name: str
    code: str = field(repr=False)
    said: dict[str, Any] = field(repr=False)
    outlet_id: str | None = None


class AgentRequest(Request):
    """Pair a reader agent: hand in what it answered, as it is."""

    into = AgentWanted

    name = Text(64, required=True, metadata={"description": "of the workstation"})
    outlet_id = Id("out", load_default=None, allow_none=True)
    code = Text(MAX_CODE_CHARACTERS, required=True, metadata={"description": "as the agent shows it"})
    said = fields.Dict(required=True, metadata={"description": "the agent's answer to POST /pairings, unchanged"})


class AgentSeenAnswer(Answer):
    """A reader agent."""

    object = Kind("reader_agent")
    id = fields.String(required=True, metadata=_AGENT)
    name = fields.String(required=True)
    outlet_id = Id("out", required=True, allow_none=True)
    realm = fields.String(required=True, metadata={"description": "test for an emulated reader, else unproven"})
    state = fields.String(required=True, metadata={"description": "paired, confirmed or ended"})
    paired_at = Instant(required=True)
    confirmed_at = Instant(required=True, allow_none=True)
    ended_at = Instant(required=True, allow_none=True)


@dataclass(frozen=True, slots=True)
class Compared:
    """What the workstation shows."""

    fingerprint: str


class ConfirmationRequest(Request):
    """Confirm a reader agent that somebody else has paired."""

    into = Compared

    fingerprint = Text(
        MAX_FINGERPRINT_CHARACTERS,
        required=True,
        metadata={"description": "read at the workstation (citizencard-agent show); never copied from this server"},
    )


@dataclass(frozen=True, slots=True)
class AgentJobWanted:
    """A job on the card in an agent's reader."""

    kind: str
    subject_id: str


class AgentJobRequest(Request):
    """Begin a job on the card in an agent's reader, or go on with one that was torn or whose answer was lost."""

    into = AgentJobWanted

    kind = Text(32, required=True, metadata={"description": "personalise, personalise_psam, load or recover_load"})
    subject_id = SubjectId(required=True, metadata={"description": "the card, the ordered module or the load"})


@dataclass(frozen=True, slots=True)
class AgentAnswered:
    """An agent's answer to a step."""

    answer: dict[str, Any] = field(repr=False)
    token: str = field(repr=False, default="")


class AgentAnswerRequest(Request):
    """Hand in an agent's answer to a step. Each is taken once."""

    into = AgentAnswered

    answer = fields.Dict(required=True, metadata={"description": "the agent's answer to POST /steps, unchanged"})
    token = Text(128, least=0, load_default="", metadata={"description": "of the step before; none for the first"})


class AgentStepAnswer(Answer):
    """The next step for the agent, or how the job ended."""

    object = Kind("agent_step")
    signed = fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "for the agent's POST /steps, unchanged, within 20 seconds; null when it is over"},
    )
    job_id = Id("job", required=True, allow_none=True)
    token = fields.String(required=True, allow_none=True, metadata={"description": "to be handed in with the answer"})
    done = Flag(required=True)
    outcome = fields.String(required=True, metadata={"description": "how the job ended; empty while it goes on"})
    ticks = fields.List(fields.String(), required=True, metadata={"description": "what the step before achieved"})
