"""The agent itself: pairs once, then takes the signed steps of one session after the other to the card and signs what came back."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hardware.agent.errors import AlreadyPaired, ForeignOrigin, SessionOver
from hardware.agent.folder import AgentFolder, Pairing
from hardware.agent.messages import PairingRequest, Step, StepAnswer, fingerprint
from hardware.agent.pairing import PairingCode
from hardware.agent.reader import Reader, run_commands
from hardware.agent.steps import StepGate
from hardware.card.channel import CardChannel
from hardware.errors import ReaderBusy

SESSION_IDLE: Final = timedelta(seconds=120)
LOCK_WAIT_S: Final = 5

log = logging.getLogger("citizencard-agent")


@dataclass(slots=True)
class _Session:
    """The conversation that goes on with the card."""

    name: str
    card: CardChannel
    used_at: datetime


class Agent:
    """One workstation's agent. Any thread may call it; one at a time has the reader.

    Args:
        folder: its key, its server, and the steps it has taken.
        reader: the card reader.
        clock: the time, aware; read once for each request.
        origin: of the pages that may pair it; None when it is paired and that is not to change.
    """

    def __init__(
        self, folder: AgentFolder, reader: Reader, clock: Callable[[], datetime], origin: str | None = None
    ) -> None:
        self._folder = folder
        self._reader = reader
        self._clock = clock
        self._gate = StepGate(folder)
        self._session: _Session | None = None
        self._lock = threading.Lock()
        self._offered = origin
        self.code = PairingCode(clock())

    @property
    def origin(self) -> str | None:
        """The one origin whose pages are heard: of the paired server, or the one that was named for pairing."""
        pairing = self._folder.pairing
        return self._offered if pairing is None else pairing.origin

    def pair(self, request: PairingRequest) -> dict[str, Any]:
        """Belong to a server from now on.

        Returns:
            The agent's name and key, the realm of its reader, and its signature over all of it and over what the server sent.

        Raises:
            AlreadyPaired: it belongs to one.
            ForeignOrigin: the server names another origin than the one chosen at the workstation.
            PairingCodeDead, PairingCodeWrong: the person at the page does not see this workstation.
        """
        with self._alone():
            if self._folder.pairing is not None:
                raise AlreadyPaired("un-pair the agent at the workstation first")
            if request.origin != self._offered:
                raise ForeignOrigin("not the origin that was named at the workstation")
            now = self._clock()
            self.code.use(request.code, now)
            self._folder.pair(Pairing(request.origin, request.server_key), now)
        log.warning("paired with %s, server key %s", request.origin, fingerprint(request.server_key))
        key = self._folder.public_key
        return {
            "agent": self._folder.agent,
            "agent_key": key.hex().upper(),
            "realm": self._reader.realm,
            "signature": self._folder.sign(request.answer_bytes(key, self._reader.realm)).hex().upper(),
        }

    def take(self, step: Step) -> dict[str, Any]:
        """Carry out a step on the card. Step 1 of a session resets the card and ends the session before.

        Returns:
            The signed answer.

        Raises:
            AgentRefusal: the step may not be taken; the card heard nothing of it.
            NoReader: there is no card to begin a session with; the step is not used up.
            ReaderBusy: another step is being carried out.
            HardwareError: the card in the reader cannot be used.
        """
        with self._alone():
            now = self._clock()
            self._gate.check(step, now)
            card = self._card_for(step)
            self._gate.take(step, now)
            self._session = _Session(step.session, card, now)
            there = step.step == 1 or self._reader.is_there()
            responses, torn = run_commands(card, step) if there else ((), True)
            answer = StepAnswer(step, self._reader.name, self._reader.realm, card.atr, responses, torn)
            if torn:
                self._end_session()
        told = (step.session, step.step, len(step.commands), len(responses), ", torn" if torn else "")
        log.info("session %s step %d: %d commands, %d responses%s", *told)
        return answer.document(self._folder.sign(answer.signed_bytes()))

    def look_after_reader(self) -> None:
        """Let go of a card that was taken out, or whose session is idle; called now and then, does nothing while a step runs."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            session = self._session
            if session is None:
                return
            if self._clock() - session.used_at > SESSION_IDLE:
                log.info("session %s is idle and over", session.name)
                self._end_session()
            else:
                self._reader.is_there()
        finally:
            self._lock.release()

    def close(self) -> None:
        """Take the power from the card."""
        with self._lock:
            self._end_session()

    def _card_for(self, step: Step) -> CardChannel:
        if step.step == 1:
            self._session = None
            return self._reader.connect()
        if self._session is None or self._session.name != step.session:
            raise SessionOver("begin a new session")
        return self._session.card

    def _end_session(self) -> None:
        self._session = None
        self._reader.disconnect()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=LOCK_WAIT_S):
            raise ReaderBusy("another step is being carried out")
        try:
            yield
        finally:
            self._lock.release()
