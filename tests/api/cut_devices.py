"""Devices before the real application, whose power goes at a step that the test chooses."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.emulator import EmulatedCard
from hardware.errors import UplinkRefused
from tests.api.on_line import Post

NEVER = 10_000


class PowerCut(Exception):
    """The device is dark."""


@dataclass
class Fuse:
    """Counts what a device does, and blows at one of the steps.

    Args:
        at: the step; steps are before and after every command to the card and every request, and before every write to the disk.
        steps: how many there were.
    """

    at: int = NEVER
    steps: int = 0

    def step(self) -> None:
        """One more."""
        self.steps += 1
        if self.steps == self.at:
            raise PowerCut


@dataclass
class CutCard:
    """A card in the field of a device that may go dark."""

    chip: EmulatedCard
    fuse: Fuse

    @property
    def atr(self) -> bytes:
        return self.chip.atr

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        self.fuse.step()
        response = self.chip.transmit(command)
        self.fuse.step()
        return response


@dataclass
class CutLine:
    """The line of a device to the application, signed as it should be; stands where `Uplink` stands."""

    post_office: Post
    fuse: Fuse
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def post(self, path: str, document: dict[str, object]) -> dict[str, object]:
        self.fuse.step()
        self.sent.append((path, document))
        answer = self.post_office.post(path, document)
        self.fuse.step()
        found: dict[str, object] = answer.get_json(force=True)
        if answer.status_code >= 400:
            raise UplinkRefused(answer.status_code, str(found["code"]))
        return found


@contextmanager
def fused_disk(monkeypatch: pytest.MonkeyPatch, fuse: Fuse) -> Iterator[None]:
    """Let every write of the device count as a step."""
    real: Callable[[int], None] = os.fsync

    def write(number: int) -> None:
        fuse.step()
        real(number)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", write)
        yield
