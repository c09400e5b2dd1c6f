"""Taking one stage after the other: what to send next from what the chip answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, Protocol

from sqlalchemy.orm import Session

from citizencard.cards.issuing.stages import Stage
from citizencard.cards.reader_jobs import CARD_REFUSED, TORN, CardAnswer, Move
from citizencard.cards.stock import note_transport_key
from hardware.card.apdu import CommandApdu

WRITING: Final = "writing"
FRESH: Final = "fresh"
"""The chip has its maker's transport key."""
AGAIN: Final = "again"
"""The chip may have our control key: that first, then the transport key, once each."""

REPLACING: Final = 1
"""Stage of a fresh chip that replaces its transport key."""


class Plan(Protocol):
    """All stages of one chip, and what comes after the last."""

    @property
    def chip_serial(self) -> bytes:
        """The chip."""
        ...

    def stages(self, mode: str) -> Sequence[Stage]:
        """The stages when the chip is found in this mode; the first one authenticates."""
        ...

    def proof(self) -> Move:
        """The commands that prove what was written; they follow the last stage's command."""
        ...


def begin_writing(plan: Plan, mode: str) -> Move:
    """The first commands."""
    return Move({"phase": WRITING, "mode": mode, "stage": 0, "leading": 0}, plan.stages(mode)[0].opening())


def go_on_writing(plan: Plan, state: Mapping[str, Any], answer: CardAnswer) -> Move:
    """The next commands, the proof after the last stage, or the end when the chip refuses or is gone."""
    mode, number = str(state["mode"]), int(state["stage"])
    stages = plan.stages(mode)
    if answer.torn:
        return Move(outcome=TORN)
    if answer.refusal is not None:
        return _after_refusal(plan, state, answer, answer.refusal.sw)
    stage, challenge = stages[number], answer.responses[-1].data
    if len(challenge) != stage.challenge_bytes:
        return Move(outcome=CARD_REFUSED, ticks=("the challenge has a wrong length",))
    done = stages[number - 1].tick if state["leading"] else ""
    ticks = (done,) if done else ()
    command = stage.command(challenge)
    if number + 1 == len(stages):
        proof = plan.proof()
        return Move(proof.state, (command, *proof.commands), ticks=(*ticks, stage.tick))
    following: tuple[CommandApdu, ...] = stages[number + 1].opening()
    replacing = mode == FRESH and number == REPLACING
    return Move(
        {"phase": WRITING, "mode": mode, "stage": number + 1, "leading": 1},
        (command, *following),
        ticks=ticks,
        effect=_transport_key(plan, present=False) if replacing else None,
    )


def _after_refusal(plan: Plan, state: Mapping[str, Any], answer: CardAnswer, sw: int) -> Move:
    """Go on when the refusal means success here, try the other control key once, or end."""
    mode, number = str(state["mode"]), int(state["stage"])
    stages = plan.stages(mode)
    of_the_stage = bool(state["leading"]) and len(answer.responses) == 1
    if of_the_stage and sw in stages[number - 1].tolerated:
        return Move({**state, "leading": 0}, stages[number].opening())
    authenticating = of_the_stage and number == 1
    if authenticating and mode == AGAIN:
        return replace(begin_writing(plan, FRESH), effect=_transport_key(plan, present=True))
    return Move(
        outcome=CARD_REFUSED,
        ticks=(f"refused with {sw:04X}",),
        effect=_transport_key(plan, present=False) if authenticating else None,
    )


def _transport_key(plan: Plan, *, present: bool) -> Callable[[Session], None]:
    """Becomes true together with the step: before the replacing command leaves, after our control key was refused."""
    return partial(note_transport_key, chip_serial=plan.chip_serial, present=present)
