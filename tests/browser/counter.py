"""What a clerk does in a window at the counter, with the reader agent of the workstation; each page on the way is looked at."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import requests
from playwright.sync_api import expect

from api.console.agent_here import COOKIE
from citizencard.clock import now
from citizencard.db import transaction
from citizencard.staff.permissions import Role
from citizencard.workstations import pairing
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.emulator import EmulatedCard
from tests.browser.town import Town
from tests.browser.window import PATIENCE_MS, Window
from tests.citizencard.workstations.desk import CLERK, SUPERVISOR
from tests.reader.stack import RunningAgent, VirtualReader

TIMEOUT_S = 10
AGENTS = "/console/reader-agents"


class TornOnce(EmulatedCard):
    """A card that is pulled out of the reader at one of its commands, after it carried that out."""

    def __init__(self, card: EmulatedCard, at: Callable[[CommandApdu], bool]) -> None:
        super().__init__(card.image)
        self._when = at
        self._pulled = False

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        if not self._pulled and self._when(command):
            self._pulled = True
            self.tear(0, "after")
        return super().transmit(command)


def at_number(number: int) -> Callable[[CommandApdu], bool]:
    """The so-many-th command."""
    left = iter(range(number, -1, -1))
    return lambda _command: next(left, 1) == 0


def at_instruction(instruction: int) -> Callable[[CommandApdu], bool]:
    """The first command with this instruction byte."""
    return lambda command: command.ins == instruction


def place_reader(window: Window, agent: RunningAgent) -> None:
    """Put a reader on the desk of a window that was paired and confirmed before, as `Counter.pair` does by pages."""
    town = window.town
    offered = pairing.offer(town.vault, town.address)
    headers = {"Origin": town.address, "X-Citizencard-Agent": "1"}
    body = {**offered.document(), "code": agent.code}
    said = requests.post(f"{agent.address}/pairings", json=body, headers=headers, timeout=TIMEOUT_S).json()
    new = pairing.NewAgent(pairing.read_said(offered, said, agent.code), "大厅自助机", None)
    with transaction(town.sessions) as session:
        pairing.pair(session, offered, new, CLERK, now())
        pairing.confirm(session, agent.agent, agent.fingerprint, SUPERVISOR, now())
    window.context.add_cookies(
        [{"name": COOKIE, "value": agent.agent, "domain": "127.0.0.1", "path": "/", "secure": True, "httpOnly": True}]
    )


@dataclass
class Counter:
    """A workstation: a clerk's window, the agent, its reader.

    Args:
        window: the clerk is signed in.
        town: whose counter it is.
        agent: that runs at the workstation, paired with nobody.
        reader: empty.
    """

    window: Window
    town: Town
    agent: RunningAgent
    reader: VirtualReader

    def pair(self, boss: Window) -> None:
        """The clerk types the code that the agent shows; in another window the supervisor compares the fingerprint."""
        window = self.window
        window.follow(AGENTS)
        window.seen("readers-none")
        window.fill(code=self.agent.code, name="")
        window.send(AGENTS, status=422)
        window.seen("readers-fault")
        window.fill(code=self.agent.code, name="2 号窗口")
        window.send(AGENTS)
        window.seen("readers-paired")
        boss.sign_in(self.town.hire(Role.SUPERVISOR, name="Zhou Min"))
        boss.follow(AGENTS)
        boss.seen("readers-boss")
        boss.follow(f"{AGENTS}/{self.agent.agent}")
        boss.seen("reader-boss")
        boss.fill(fingerprint="0000 0000 0000 0000")
        boss.send(f"{AGENTS}/{self.agent.agent}/confirmations", status=422)
        boss.seen("reader-foreign")
        boss.fill(fingerprint=self.agent.fingerprint)
        boss.send(f"{AGENTS}/{self.agent.agent}/confirmations")
        boss.seen("readers-confirmed")

    def start(self) -> None:
        """Press the button of the reader."""
        self.window.page.locator("[data-start]").click()

    def ends_well(self, address: str) -> None:
        """Wait until the job has led the window on."""
        self.window.page.wait_for_url(address, timeout=PATIENCE_MS)

    def stage(self, name: str, state: str) -> None:
        """Wait until a step stands so."""
        step = self.window.page.locator(f'[data-step="{name}"]')
        expect(step).to_have_class(re.compile(rf"\b{state}\b"), timeout=PATIENCE_MS)

    def hears(self, kind: str) -> None:
        """Wait for a sentence about the card."""
        expect(self.window.page.locator(f'[data-say="{kind}"]')).to_be_visible(timeout=PATIENCE_MS)
