"""Making a card: only a chip that proves its keys becomes one, and a torn one is finished by the next job."""

from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy import select, text

from citizencard.cards.errors import CardStateForbids, ChipNotBlank, UnknownChip, WrongChip
from citizencard.cards.flow import start_job
from citizencard.cards.issuing.kinds import ISSUING_JOBS
from citizencard.cards.issuing.personalise import spoil_card
from citizencard.cards.models import Card, CardStateChange
from citizencard.cards.reader_jobs import JobOrder, Workbench
from citizencard.cards.states import Deed
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.people.flow import personal_data
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import exchange, send
from hardware.card.files import CardholderData, ManagementData, PublicApplicationData
from hardware.card.profile import (
    CARDHOLDER_SFI,
    MANAGEMENT_SFI,
    PUBLIC_DATA_SFI,
    PURSE_AID,
    SSSE_AID,
    SSSE_ISSUER_SFI,
    SSSE_PERSON_SFI,
)
from hardware.card.purse import read_binary, read_record, select_application, verify_pin
from hardware.card.social_security import IssuerRecords, PersonRecords, is_card_number
from hardware.emulator import EmulatedCard, TearPhase
from tests.citizencard.cards.make_cards import (
    CLERK,
    SENIOR,
    application,
    blank,
    issue_card,
    personalise_order,
    stored_card,
    stored_chip,
)
from tests.citizencard.cards.reader import Workstation

MAX_TEARS = 200
RECORDS = range(1, 8)
WRITE_KEY = 0xD4
PHASES: tuple[TearPhase, ...] = ("before", "inside", "after")
UNPROVED_KEYS = {5, 6, 10, 11, 12}
"""Unload, overdraft, PIN unblock, PIN reload, PIN: in the order in which they are written."""


def _personalise(sessions: Sessions, vault: SoftwareVault, card: Card, chip: EmulatedCard, now: datetime) -> str:
    chip.reset()
    station = Workstation(Workbench(sessions, vault, ISSUING_JOBS), chip)
    return station.run(personalise_order(card, chip), now).outcome


def test_blank_becomes_a_card_in_stock(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A blank in a clerk's reader ends as a card with number, class and holder on the chip and in the register."""
    card, chip = application(sessions, vault, now, SENIOR), blank(sessions, vault, now)
    assert _personalise(sessions, vault, card, chip, now) == "personalised"
    made = stored_card(sessions, card.id)
    assert (made.state, made.chip_serial) == ("personalised", chip.image.chip_serial)
    assert stored_chip(sessions, chip).state == "personalised"
    chip.reset()
    send(chip, select_application(PURSE_AID))
    public = PublicApplicationData.decode(send(chip, read_binary(PUBLIC_DATA_SFI, 30)))
    assert (public.serial, public.valid_to) == (card.serial, card.valid_until)
    assert ManagementData.decode(send(chip, read_binary(MANAGEMENT_SFI, 60))).card_class == SENIOR
    send(chip, verify_pin("123456"))
    holder = personal_data(sessions, vault, card.person_id)
    on_chip = CardholderData.decode(send(chip, read_binary(CARDHOLDER_SFI, 55)))
    assert (on_chip.name, on_chip.id_number) == (holder.name, holder.document_number)


def test_card_carries_the_social_security_of_its_holder(
    sessions: Sessions, vault: SoftwareVault, now: datetime
) -> None:
    """The bureau's terminals find card number, card id and the holder's social-security number where the standard puts them."""
    card, chip = issue_card(sessions, vault, now)
    chip.reset()
    send(chip, select_application(SSSE_AID))
    issuer = IssuerRecords.decode(tuple(send(chip, read_record(SSSE_ISSUER_SFI, number)) for number in RECORDS))
    assert (issuer.card_number, issuer.card_id) == (card.ss_card_number, card.ss_card_id)
    assert is_card_number(issuer.card_number)
    assert issuer.card_id[8:12] == chip.image.chip_serial[4:]
    send(chip, verify_pin("123456"))
    person = PersonRecords.decode(tuple(send(chip, read_record(SSSE_PERSON_SFI, number)) for number in RECORDS))
    holder = personal_data(sessions, vault, card.person_id)
    assert (person.social_number, person.name) == (holder.document_number, holder.name)
    assert (person.born, person.sex, person.ethnic_group) == (holder.birth_date, "2", "01")


def test_workstation_that_answers_9000_to_everything_makes_no_card(
    sessions: Sessions, vault: SoftwareVault, now: datetime
) -> None:
    """Keys that were never written prove nothing, so the card stays an application."""
    card, chip = application(sessions, vault, now), blank(sessions, vault, now)

    def lie(command: CommandApdu) -> ResponseApdu:
        return ResponseApdu(bytes(command.le or 0) if command.ins != 0xA4 else b"")

    station = Workstation(Workbench(sessions, vault, ISSUING_JOBS), chip, lie)
    assert station.run(personalise_order(card, chip), now).outcome == "not_proved"
    assert stored_card(sessions, card.id).state == "applied"
    assert stored_chip(sessions, chip).state == "in_work"


@pytest.mark.parametrize(
    ("proof", "place"),
    [
        (0x8050_00, 0),  # balance: a new card is empty
        (0x8050_00, 6),  # version of the load key
        (0x8050_00, 12),  # MAC1: load key
        (0x0088_00, 0),  # internal key
        (0x8050_03, 9),  # version of the purchase key
        (0x8054_01, 0),  # TAC: TAC key
        (0x8054_01, 4),  # MAC2: purchase key
    ],
)
def test_each_answer_of_the_proof_counts(
    sessions: Sessions, vault: SoftwareVault, now: datetime, proof: int, place: int
) -> None:
    """One bit that is wrong in any answer of the proof, and there is no card; an honest reader then finishes it."""
    card, chip = application(sessions, vault, now), blank(sessions, vault, now)

    def alter(command: CommandApdu) -> ResponseApdu:
        answer = exchange(chip, command)
        if (command.cla << 16 | command.ins << 8 | command.p1) != proof or not answer.ok:
            return answer
        data = bytearray(answer.data)
        data[place] ^= 1
        return ResponseApdu(bytes(data))

    station = Workstation(Workbench(sessions, vault, ISSUING_JOBS), chip, alter)
    assert station.run(personalise_order(card, chip), now).outcome == "not_proved"
    assert stored_card(sessions, card.id).state == "applied"
    assert _personalise(sessions, vault, card, chip, now) == "personalised"


def test_key_that_never_reached_the_chip_is_noticed(
    sessions: Sessions, vault: SoftwareVault, now: datetime, database: str
) -> None:
    """An honest reader but one WRITE KEY swallowed on the way: no card, or it is a key that moves no money before it is proved."""
    for dropped in range(1 + (database == "sqlite"), 14, 2):
        card, chip = application(sessions, vault, now), blank(sessions, vault, now)
        station = Workstation(Workbench(sessions, vault, ISSUING_JOBS), chip, _Dropping(chip, dropped))
        outcome = station.run(personalise_order(card, chip), now).outcome
        assert (outcome == "personalised") == (dropped in UNPROVED_KEYS), (dropped, outcome)
        assert (stored_card(sessions, card.id).state == "personalised") == (outcome == "personalised")


@dataclass
class _Dropping:
    """A reader that swallows one of the WRITE KEY commands and says 9000."""

    chip: EmulatedCard
    dropped: int
    seen: int = 0

    def __call__(self, command: CommandApdu) -> ResponseApdu:
        self.seen += command.ins == WRITE_KEY
        if command.ins == WRITE_KEY and self.seen == self.dropped:
            return ResponseApdu()
        return exchange(self.chip, command)


def test_card_torn_at_every_command_is_finished_in_the_end(
    sessions: Sessions, vault: SoftwareVault, now: datetime, database: str
) -> None:
    """Power lost at one command after the other: each job takes up the same number on the same chip, the last one completes it.

    One database tears the even commands, the other the odd ones.
    """
    card, chip = application(sessions, vault, now), blank(sessions, vault, now)
    bench = Workbench(sessions, vault, ISSUING_JOBS)
    outcomes: list[str] = []
    for apdus in range(database == "sqlite", MAX_TEARS, 2):
        chip.reset()
        chip.tear(apdus, PHASES[apdus // 2 % 3])
        outcomes.append(Workstation(bench, chip).run(personalise_order(card, chip), now).outcome)
        assert stored_card(sessions, card.id).serial == card.serial
        if outcomes[-1] != "torn":
            break
        assert stored_card(sessions, card.id).state == "applied"
        assert stored_chip(sessions, chip).state == "in_work"
    assert outcomes[-1] == "personalised"
    assert len(outcomes) > 40
    assert stored_card(sessions, card.id).chip_serial == chip.image.chip_serial


@pytest.mark.parametrize("phase", PHASES)
def test_first_moments_of_a_card_survive_any_tear(
    sessions: Sessions, vault: SoftwareVault, now: datetime, phase: TearPhase
) -> None:
    """Torn again and again around the replacement of the transport key, a chip never runs out of tries."""
    card, chip = application(sessions, vault, now), blank(sessions, vault, now)
    bench = Workbench(sessions, vault, ISSUING_JOBS)
    for apdus in (0, 1, 2, 2, 2, 2, 3, 4, 5, 6, 7, 8):
        chip.reset()
        chip.tear(apdus, phase)
        assert Workstation(bench, chip).run(personalise_order(card, chip), now).outcome == "torn"
    assert _personalise(sessions, vault, card, chip, now) == "personalised"


def test_card_begun_on_one_chip_is_not_made_on_another(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A number stays with the chip on which it was begun, and a chip with its number."""
    card, other = application(sessions, vault, now), application(sessions, vault, now)
    chip, second = blank(sessions, vault, now), blank(sessions, vault, now)
    bench = Workbench(sessions, vault, ISSUING_JOBS)
    start_job(bench, personalise_order(card, chip), now)
    with pytest.raises(WrongChip):
        start_job(bench, personalise_order(card, second), now)
    with pytest.raises(ChipNotBlank):
        start_job(bench, personalise_order(other, chip), now)
    with pytest.raises(UnknownChip):
        start_job(bench, JobOrder("personalise", other.id, bytes(17), CLERK), now)


def test_false_answer_to_reset_gains_nothing(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Another chip of ours, announced under this one's serial, refuses the first authentication."""
    card = application(sessions, vault, now)
    chip, other = blank(sessions, vault, now), blank(sessions, vault, now)
    station = Workstation(Workbench(sessions, vault, ISSUING_JOBS), other)
    assert station.run(personalise_order(card, chip), now).outcome == "card_refused"
    assert stored_card(sessions, card.id).state == "applied"
    assert _personalise(sessions, vault, card, chip, now) == "personalised"


def test_finished_card_is_not_written_again(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Nobody erases a card that has been made."""
    card, chip = issue_card(sessions, vault, now)
    with pytest.raises(CardStateForbids):
        start_job(Workbench(sessions, vault, ISSUING_JOBS), personalise_order(card, chip), now)


def test_spoiled_card_takes_number_and_chip_with_it(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A chip that does not let itself be written is given up; the holder gets a new number on a new chip."""
    card, chip = application(sessions, vault, now), blank(sessions, vault, now)
    start_job(Workbench(sessions, vault, ISSUING_JOBS), personalise_order(card, chip), now)
    with transaction(sessions) as session:
        spoil_card(session, card.id, Deed(CLERK, now, "chip dead"))
    assert stored_card(sessions, card.id).state == "spoiled"
    assert stored_chip(sessions, chip).state == "spoiled"
    with pytest.raises(ChipNotBlank):
        start_job(
            Workbench(sessions, vault, ISSUING_JOBS), personalise_order(application(sessions, vault, now), chip), now
        )


def test_stored_job_tells_nothing_about_the_holder(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Neither name, number, PIN nor key lies in the rows of a job: the commands are encrypted, the state holds numbers only."""
    card, _ = issue_card(sessions, vault, now)
    holder = personal_data(sessions, vault, card.person_id)
    secrets = [
        holder.document_number.encode(),
        holder.document_number.encode().hex().encode(),
        holder.name.encode("gb18030"),
        holder.name.encode("gb18030").hex().encode(),
        b"123456",
    ]
    with reading(sessions) as session:
        rows = session.execute(text("SELECT commands FROM reader_job_step")).scalars().all()
        states = session.execute(text("SELECT CAST(state AS TEXT) FROM reader_job")).scalars().all()
        history = session.scalars(select(CardStateChange.state).where(CardStateChange.card_id == card.id)).all()
    assert len(rows) > 30
    stored = b"".join(bytes(row) for row in rows) + "".join(states).encode()
    assert not [secret for secret in secrets if secret in stored]
    assert history == ["applied", "personalised", "issued", "active"]
