"""Processes that post at once: each with its connection, warmed up, and let loose by one common start."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Protocol

START_TIMEOUT_S = 120
END_TIMEOUT_S = 10


class Work(Protocol):
    """What each process of a crew does, again and again. It travels to the process, so it holds plain values only."""

    def begin(self, number: int) -> AbstractContextManager[Callable[[], int]]:
        """Connect, for the length of a block; gives what does the work once and says how many things that were.

        Args:
            number: of the process within its crew.
        """


class Crew:
    """So many processes."""

    def __init__(self, work: Work, processes: int) -> None:
        # Spawned, not forked: no connection and no lock of ours is inherited.
        context = multiprocessing.get_context("spawn")
        # Kept: its semaphores go with it, and a process that starts later would not find them.
        self._barrier = context.Barrier(processes)
        self._processes = []
        self._pipes: list[Connection] = []
        for number in range(processes):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, self._barrier, work, number), daemon=True)
            process.start()
            theirs.close()
            self._processes.append(process)
            self._pipes.append(ours)

    def wait(self) -> None:
        """Wait until each has worked once.

        Raises:
            RuntimeError: one of them has ended.
        """
        for pipe in self._pipes:
            _answer(pipe)

    def rate(self, seconds: float) -> float:
        """Let all of them work for so long; how much they did a second, together."""
        return sum(done / took_s for done, took_s in self._work(seconds))

    def count(self, seconds: float) -> int:
        """Let all of them work for so long; how much they did."""
        return sum(done for done, _ in self._work(seconds))

    def _work(self, seconds: float) -> list[tuple[int, float]]:
        for pipe in self._pipes:
            pipe.send(seconds)
        return [_answer(pipe) for pipe in self._pipes]

    def end(self) -> None:
        """Let them go."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(END_TIMEOUT_S)
            if process.is_alive():
                process.kill()
                process.join()


@contextmanager
def crew(work: Work, processes: int) -> Iterator[Crew]:
    """A crew for the length of a block."""
    hired = Crew(work, processes)
    try:
        hired.wait()
        yield hired
    finally:
        hired.end()


def _answer(pipe: Connection) -> tuple[int, float]:
    try:
        answer: tuple[int, float] = pipe.recv()
    except EOFError:
        raise RuntimeError("a process of the bench has ended; what it said is above") from None
    return answer


def _serve(pipe: Connection, barrier: Barrier, work: Work, number: int) -> None:
    with work.begin(number) as once:
        once()
        pipe.send((0, 0.0))
        while True:
            try:
                seconds = pipe.recv()
            except EOFError:
                return
            barrier.wait(START_TIMEOUT_S)
            done, began = 0, time.perf_counter()
            while time.perf_counter() - began < seconds:
                done += once()
            pipe.send((done, time.perf_counter() - began))
