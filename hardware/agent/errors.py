"""Why the agent refuses. Each refusal has the HTTP status that a page sees; what is shared with other devices is in `hardware.errors`."""

from typing import ClassVar

from hardware.errors import HardwareError


class AgentRefusal(HardwareError):
    """The reader agent refuses the request."""

    code: ClassVar[str] = "agent_refusal"
    status: ClassVar[int] = 403


class ForeignHost(AgentRefusal):
    """The request was sent to another host name than the agent's own address."""

    code = "foreign_host"
    status = 421


class ForeignOrigin(AgentRefusal):
    """The request does not come from the page that the agent belongs to."""

    code = "foreign_origin"


class PreflightRefused(AgentRefusal):
    """The browser asked for a method or a header that the agent does not take."""

    code = "preflight_refused"


class MethodNotTaken(AgentRefusal):
    """The agent takes POST only; nothing is read or changed by another method."""

    code = "method_not_taken"
    status = 405


class UnknownPath(AgentRefusal):
    """The agent has no such resource."""

    code = "unknown_path"
    status = 404


class HeaderMissing(AgentRefusal):
    """The header by which a page shows that its origin was asked for first is missing or of another version."""

    code = "header_missing"


class NotJson(AgentRefusal):
    """The content type is not JSON."""

    code = "not_json"
    status = 415


class BodyTooLarge(AgentRefusal):
    """The body is longer than any message may be, or does not say how long it is."""

    code = "body_too_large"
    status = 413


class MalformedMessage(AgentRefusal):
    """The message does not have the form that it must have.

    Args:
        field: which part of it.
        reason: what is wrong with it; never its content.
    """

    code = "malformed_message"
    status = 400
    public = ("field", "reason")

    def __init__(self, field: str, reason: str) -> None:
        """Build the message `apdus: at most 32`."""
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


class MalformedRequest(AgentRefusal):
    """The request is not HTTP as the agent understands it."""

    code = "malformed_request"
    status = 400


class NotPaired(AgentRefusal):
    """The agent belongs to no server yet."""

    code = "not_paired"
    status = 409


class AlreadyPaired(AgentRefusal):
    """The agent belongs to a server already; it must be un-paired at the workstation first."""

    code = "already_paired"
    status = 409


class PairingCodeWrong(AgentRefusal):
    """The pairing code is not the one that the agent shows.

    Args:
        tries_left: how often it may still be tried.
    """

    code = "pairing_code_wrong"
    public = ("tries_left",)

    def __init__(self, tries_left: int) -> None:
        """Say how many tries are left."""
        self.tries_left = tries_left
        super().__init__(f"wrong pairing code, {tries_left} tries left")


class PairingCodeDead(AgentRefusal):
    """The pairing code was used, is too old, or was tried too often; the agent must be started anew."""

    code = "pairing_code_dead"


class StepSignatureWrong(AgentRefusal):
    """The step was not signed by the server that the agent belongs to."""

    code = "step_signature_wrong"


class StepForOther(AgentRefusal):
    """The step is for another agent."""

    code = "step_for_other"


class StepExpired(AgentRefusal):
    """The step is too old, or is valid for longer than a step may be; perhaps a clock is wrong.

    Args:
        agent_time: the workstation's clock, seconds since 1970.
    """

    code = "step_expired"
    public = ("agent_time",)

    def __init__(self, agent_time: int, reason: str) -> None:
        """Name the reason."""
        self.agent_time = agent_time
        super().__init__(reason)


class StepOutOfOrder(AgentRefusal):
    """The step was taken before, or is not the next one of its session.

    Args:
        next_step: the only number that the session goes on with.
    """

    code = "step_out_of_order"
    status = 409
    public = ("next_step",)

    def __init__(self, next_step: int) -> None:
        """Name the number that is awaited."""
        self.next_step = next_step
        super().__init__(f"the next step of this session is {next_step}")


class SessionOver(AgentRefusal):
    """The session with the card is over: the card went away, another session began, or it was idle for too long."""

    code = "session_over"
    status = 409


class TooManySessions(AgentRefusal):
    """More sessions were begun within the life of a step than the agent remembers."""

    code = "too_many_sessions"
    status = 429


class AgentFolderInvalid(HardwareError):
    """The agent's folder cannot be used.

    Args:
        path: the folder, or the file in it.
        reason: what is wrong with it.
    """

    code = "agent_folder_invalid"
    public = ("reason",)

    def __init__(self, path: object, reason: str) -> None:
        """Build the message `agent: may be read by its owner only`."""
        self.path = str(path)
        self.reason = reason
        super().__init__(f"{self.path}: {reason}")


class AgentFolderInUse(HardwareError):
    """An agent is running on this folder."""

    code = "agent_folder_in_use"


class PortInUse(HardwareError):
    """Another program listens on the agent's port."""

    code = "port_in_use"


class ProcessNotHardened(HardwareError):
    """The system does not let the program hide its memory from others, so it opens no key."""

    code = "process_not_hardened"
