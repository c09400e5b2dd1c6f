"""A workstation for tests: it carries a job's commands to an emulated chip and the answers back, honestly or not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from citizencard.cards.flow import answer_step, start_job
from citizencard.cards.reader_jobs import JobAnswer, JobOrder, JobStep, Workbench
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import exchange
from hardware.emulator import EmulatedCard
from hardware.errors import CardRemoved

MAX_STEPS = 200

Carry = Callable[[CommandApdu], ResponseApdu]


@dataclass
class Workstation:
    """Sends what the server asks for.

    Args:
        bench: the server.
        card: the chip in the reader.
        carry: how one command is answered; a lying workstation has one of its own.
        trace: all commands and answers, in order.
    """

    bench: Workbench
    card: EmulatedCard
    carry: Carry | None = None
    trace: list[tuple[CommandApdu, ResponseApdu]] = field(default_factory=list)

    def run(self, order: JobOrder, now: datetime) -> JobStep:
        """A whole job, from its start to its end."""
        return self.finish(start_job(self.bench, order, now), now)

    def finish(self, step: JobStep, now: datetime) -> JobStep:
        """The rest of a job."""
        for _ in range(MAX_STEPS):
            if step.done:
                return step
            step = answer_step(self.bench, self.answer(step), now)
        raise AssertionError("the job does not end")

    def answer(self, step: JobStep) -> JobAnswer:
        """Carry one step's commands to the chip."""
        responses: list[ResponseApdu] = []
        torn = False
        for command in step.commands:
            try:
                response = self.carry(command) if self.carry else exchange(self.card, command)
            except CardRemoved:
                torn = True
                break
            self.trace.append((command, response))
            responses.append(response)
            if not response.ok:
                break
        return JobAnswer(step.job_id, step.step, step.token, tuple(responses), torn)
