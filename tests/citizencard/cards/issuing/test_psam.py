"""Making the security modules of the terminals."""

from datetime import datetime

import pytest

from citizencard.cards.errors import TerminalNumberTaken
from citizencard.cards.issuing.kinds import ISSUING_JOBS
from citizencard.cards.issuing.psam import PERSONALISE_PSAM
from citizencard.cards.models import ChipKind, PsamOrder
from citizencard.cards.numbering import ISSUING_TERMINAL
from citizencard.cards.reader_jobs import JobOrder, Workbench
from citizencard.db import Sessions, reading
from citizencard.keys.vault import SoftwareVault
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import send
from hardware.card.profile import MASTER_FID, PSAM_TERMINAL_SFI, PUBLIC_DATA_SFI
from hardware.card.psam import PsamPublicData
from hardware.card.purse import read_binary, select_file
from hardware.emulator import TearPhase
from tests.citizencard.cards.make_cards import CLERK, blank, make_psam, psam_order, stored_chip
from tests.citizencard.cards.reader import Workstation

MAX_TEARS = 200
PHASES: tuple[TearPhase, ...] = ("before", "inside", "after")
TERMINAL = bytes.fromhex("330200000001")


def _stored(sessions: Sessions, order: PsamOrder) -> PsamOrder:
    with reading(sessions) as session:
        found = session.get_one(PsamOrder, order.id)
        session.expunge_all()
    return found


def test_module_carries_serial_and_terminal_number(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A module leaves the desk with the serial and the number that the register knows, after it has proved its root key."""
    order, chip = make_psam(sessions, vault, now, TERMINAL)
    send(chip, select_file(MASTER_FID))
    assert PsamPublicData.decode(send(chip, read_binary(PUBLIC_DATA_SFI, 14))).serial == order.serial
    assert send(chip, read_binary(PSAM_TERMINAL_SFI, 6)) == TERMINAL
    assert _stored(sessions, order).state == "personalised"
    assert stored_chip(sessions, chip).state == "personalised"


def test_terminal_number_is_given_once(sessions: Sessions, now: datetime) -> None:
    """No second module ever gets a number, nor does one get that of our desks."""
    psam_order(sessions, now, TERMINAL)
    with pytest.raises(TerminalNumberTaken):
        psam_order(sessions, now, TERMINAL)
    with pytest.raises(TerminalNumberTaken):
        psam_order(sessions, now, ISSUING_TERMINAL)


def test_workstation_that_invents_answers_makes_no_module(
    sessions: Sessions, vault: SoftwareVault, now: datetime
) -> None:
    """A module whose root key was never written does not count, whatever the workstation says."""
    order, chip = psam_order(sessions, now, TERMINAL), blank(sessions, vault, now, ChipKind.PSAM)

    def lie(command: CommandApdu) -> ResponseApdu:
        return ResponseApdu(bytes(command.le or 0) if command.ins in {0x84, 0x70} else b"")

    station = Workstation(Workbench(sessions, vault, ISSUING_JOBS), chip, lie)
    assert station.run(JobOrder(PERSONALISE_PSAM, order.id, chip.atr, CLERK), now).outcome == "not_proved"
    assert _stored(sessions, order).state == "ordered"


def test_module_torn_at_every_command_is_finished_in_the_end(
    sessions: Sessions, vault: SoftwareVault, now: datetime, database: str
) -> None:
    """Power lost at one command after the other leaves a module that the last job completes, with the same number on the same chip."""
    bench = Workbench(sessions, vault, ISSUING_JOBS)
    order, chip = psam_order(sessions, now, TERMINAL), blank(sessions, vault, now, ChipKind.PSAM)
    outcomes = []
    for apdus in range(MAX_TEARS):
        chip.reset()
        chip.tear(apdus, PHASES[(apdus + (database == "sqlite")) % 3])
        outcomes.append(
            Workstation(bench, chip).run(JobOrder(PERSONALISE_PSAM, order.id, chip.atr, CLERK), now).outcome
        )
        if outcomes[-1] != "torn":
            break
    assert outcomes[-1] == "personalised"
    assert len(outcomes) > 25
    assert _stored(sessions, order).state == "personalised"
    chip.reset()
    assert send(chip, read_binary(PSAM_TERMINAL_SFI, 6)) == TERMINAL
