"""Which step may be taken now: signed by our server, for this agent, fresh, and the next one of its session. Each is taken once."""

from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hardware.agent.errors import (
    AgentFolderInvalid,
    NotPaired,
    StepExpired,
    StepForOther,
    StepOutOfOrder,
    StepSignatureWrong,
    TooManySessions,
)
from hardware.agent.folder import TAKEN_FILE, AgentFolder
from hardware.agent.messages import Step

MAX_STEP_LIFE_S: Final = 30
REMEMBER_S: Final = 180  # longer than a session may be idle, so that it is not forgotten while it goes on
MAX_SESSIONS: Final = 256


class StepGate:
    """Lets a step through once.

    A session is forgotten some time after the last step taken in it has expired: by then no step of it can be taken again. The memory is
    kept on disk, so a restart of the agent opens no second chance.

    Args:
        folder: where the server's key is, and where taken steps are kept.

    Raises:
        AgentFolderInvalid: the kept steps are damaged.
    """

    def __init__(self, folder: AgentFolder) -> None:
        self._folder = folder
        self._taken = {session: _pair(folder, kept) for session, kept in folder.taken().items()}

    def check(self, step: Step, now: datetime) -> None:
        """See whether the step may be taken; nothing changes.

        Raises:
            NotPaired: there is no server whose word counts.
            StepSignatureWrong, StepForOther, StepExpired, StepOutOfOrder: it may not.
        """
        pairing = self._folder.pairing
        if pairing is None:
            raise NotPaired("pair the agent first")
        try:
            Ed25519PublicKey.from_public_bytes(pairing.server_key).verify(step.signature, step.signed_bytes())
        except InvalidSignature:
            raise StepSignatureWrong("not signed by the paired server") from None
        if step.agent != self._folder.agent:
            raise StepForOther("the step names another agent")
        seconds = int(now.timestamp())
        if step.exp <= seconds:
            raise StepExpired(seconds, "the step has expired")
        if step.exp > seconds + MAX_STEP_LIFE_S:
            raise StepExpired(
                seconds, f"the step is valid for more than {MAX_STEP_LIFE_S} s by the workstation's clock"
            )
        last, _ = self._taken.get(step.session, (0, 0))
        if step.step != last + 1:
            raise StepOutOfOrder(last + 1)

    def take(self, step: Step, now: datetime) -> None:
        """Note that the checked step is taken, on disk, before the card hears of it.

        Raises:
            TooManySessions: more sessions than the agent remembers were begun within a step's life.
        """
        seconds = int(now.timestamp())
        taken = {session: kept for session, kept in self._taken.items() if kept[1] + REMEMBER_S >= seconds}
        taken[step.session] = (step.step, step.exp)
        if len(taken) > MAX_SESSIONS:
            raise TooManySessions(f"more than {MAX_SESSIONS} sessions; wait {MAX_STEP_LIFE_S} s")
        self._folder.keep_taken(taken)
        self._taken = taken


def _pair(folder: AgentFolder, kept: Any) -> tuple[int, int]:  # noqa: ANN401 # whatever a damaged file may hold
    if not isinstance(kept, list) or [type(number) for number in kept] != [int, int]:
        raise AgentFolderInvalid(folder.file(TAKEN_FILE), "damaged; wait a minute and remove it")
    return kept[0], kept[1]
