"""What a reader job is made of: steps of commands for one chip, decided by the server, carried by a workstation that is not believed.

The server never waits for a card. A kind of job is two functions: how it begins, and how it goes on from what the card answered. Between
the two everything is in the database, so any process may take the next step, and a workstation may send an answer twice.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from citizencard.audit import Actor
from citizencard.db import Sessions
from citizencard.keys.hsm import Hsm
from hardware.card.apdu import CommandApdu, ResponseApdu

TORN = "torn"
CARD_REFUSED = "card_refused"
SUPERSEDED = "superseded"
"""Outcomes that every kind may have; the others are the kind's own."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a step may use. Vault calls happen outside transactions, so a step opens its own and keeps them short."""

    sessions: Sessions
    hsm: Hsm
    job_id: str
    subject_id: str
    actor: Actor
    now: datetime


@dataclass(frozen=True, slots=True)
class CardAnswer:
    """What came back for the commands of a step.

    Args:
        responses: in the order of the commands; at most the last one is not 9000.
        torn: the card went away before all commands were answered.
    """

    responses: tuple[ResponseApdu, ...]
    torn: bool

    @property
    def refusal(self) -> ResponseApdu | None:
        """The answer by which the card refused a command, if it did."""
        last = self.responses[-1] if self.responses else None
        return None if last is None or last.ok else last

    def digest(self) -> str:
        """SHA-256 over all of it, to recognise the same answer again."""
        digest = hashlib.sha256(bytes((self.torn,)))
        for response in self.responses:
            raw = response.to_bytes()
            digest.update(len(raw).to_bytes(4) + raw)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Move:
    """What a step decides.

    Args:
        state: what the next step must know: no key, no PIN, no personal data.
        commands: for the card; empty when the job is over.
        outcome: slug of how the job ended; empty while it goes on.
        ticks: what was achieved, for the person who watches.
        effect: changes of the city that become true together with this step, in its transaction.
    """

    state: Mapping[str, Any] = field(default_factory=dict)
    commands: tuple[CommandApdu, ...] = ()
    outcome: str = ""
    ticks: tuple[str, ...] = ()
    effect: Callable[[Session], None] | None = None


class JobKind(Protocol):
    """One kind of reader job."""

    def begin(self, context: JobContext, atr: bytes) -> Move:
        """The first commands for the chip with this answer to reset."""
        ...

    def go_on(self, context: JobContext, state: Mapping[str, Any], answer: CardAnswer) -> Move:
        """The next commands, or the end. The same answer again must have the same effects."""
        ...


@dataclass(frozen=True, slots=True)
class Workbench:
    """What reader jobs run on: the database, the keys, and which kinds there are."""

    sessions: Sessions
    hsm: Hsm
    kinds: Mapping[str, JobKind]


@dataclass(frozen=True, slots=True)
class JobOrder:
    """A job to start.

    Args:
        kind: name of the kind.
        subject_id: the card, PSAM order or load that it is about.
        atr: answer to reset of the chip in the reader; a claim, which the chip's keys confirm or not.
        actor: who asked for it.
    """

    kind: str
    subject_id: str
    atr: bytes
    actor: Actor


@dataclass(frozen=True, slots=True)
class JobAnswer:
    """A workstation's answer to one step."""

    job_id: str
    step: int
    token: str = field(repr=False)
    responses: tuple[ResponseApdu, ...]
    torn: bool = False


@dataclass(frozen=True, slots=True)
class JobStep:
    """What the workstation is to do next, or how the job ended.

    Args:
        job_id: the job.
        step: number of this step, from 1; of a finished job the last one.
        token: opens this job and no other; kept by the server as a hash only.
        commands: to be sent in order, up to the first answer that is not 9000 or the removal of the card.
        done: the job is over.
        outcome: how, if it is.
        ticks: what the step before achieved.
    """

    job_id: str
    step: int
    token: str = field(repr=False)
    commands: tuple[CommandApdu, ...]
    done: bool
    outcome: str = ""
    ticks: tuple[str, ...] = ()
