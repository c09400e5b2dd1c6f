"""Money put on a chip over the counter: chip, shadow and till agree whatever is torn, lied or sent twice."""

import threading
from datetime import datetime, timedelta

import pytest

from citizencard.audit import Actor
from citizencard.cards.errors import ReaderJobExpired, ReaderStepConflict, WrongChip
from citizencard.cards.flow import answer_step, start_job
from citizencard.cards.reader_jobs import CardAnswer, JobAnswer, JobOrder
from citizencard.cards.states import report_loss
from citizencard.db import Sessions, transaction
from citizencard.errors import CitizencardError
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.loads.errors import CardNotLoadable, LoadAlreadyOpen, LoadAmountInvalid, LoadStateForbids
from citizencard.purse.loads.flow import LOAD
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import exchange
from hardware.emulator import EmulatedCard, TearPhase
from ledger import prove
from tests.citizencard.cards.make_cards import issue_card
from tests.citizencard.cards.reader import Carry, Workstation
from tests.citizencard.purse.loads.make_loads import City, Money, chip_balance

PHASES: tuple[TearPhase, ...] = ("before", "inside", "after")
CREDIT = 0x52
LOAD_APDUS = 3
"""SELECT, INITIALIZE FOR LOAD, CREDIT FOR LOAD."""


@pytest.fixture
def city(sessions: Sessions, vault: SoftwareVault, now: datetime) -> City:
    """A city with an open day and a till."""
    return City.open(sessions, vault, now)


def _books_agree(city: City) -> None:
    with transaction(city.sessions) as session:
        assert prove(session).differences == ()


def test_cash_arrives_on_the_chip(city: City) -> None:
    """A hundred yuan over the counter are in the till, on the chip and in its shadow, and nowhere else."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    load = city.request(card)
    assert city.load(load, chip).outcome == "loaded"
    assert (city.stored(load).state, city.stored(load).slip_serial) == ("proven", 1)
    assert chip_balance(chip) == 10_000
    assert city.money(card) == Money(purse=10_000, inload=0, till=10_000)
    second = city.loaded(card, chip, 5_000)
    assert second.slip_serial == 2
    assert chip_balance(chip) == 15_000
    _books_agree(city)


@pytest.mark.parametrize("phase", PHASES)
def test_load_torn_at_every_command_neither_loses_nor_makes_a_fen(city: City, phase: TearPhase) -> None:
    """Torn at any command, a load ends on the chip or in the clerk's hands, and chip, shadow and till agree to the fen."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    expected_fen, till_fen = 0, 0
    for apdus in range(LOAD_APDUS):
        load = city.request(card, 100)
        station = city.station(chip)
        chip.tear(apdus, phase)
        assert station.run(city.load_order(load, chip), city.now).outcome == "torn"
        booked = apdus == LOAD_APDUS - 1
        assert city.stored(load).state == ("authorised" if booked else "requested")
        till_fen += 100 * booked
        if booked:
            assert city.money(card).inload == 100
            credited = phase == "after"
            assert city.recover(load, chip).outcome == ("loaded" if credited else "disproven")
            if not credited:
                assert city.load(load, chip).outcome == "loaded"
        else:
            assert city.load(load, chip).outcome == "loaded"
            till_fen += 100
        expected_fen += 100
        assert chip_balance(chip) == expected_fen
        assert city.money(card) == Money(purse=expected_fen, inload=0, till=till_fen)
        assert city.stored(load).state == "proven"
    _books_agree(city)


def test_torn_recovery_is_simply_done_again(city: City) -> None:
    """Power lost while the card is asked changes nothing: the next time finds the same answer."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    load = city.request(card)
    station = city.station(chip)
    chip.tear(2, "before")
    station.run(city.load_order(load, chip), city.now)
    for phase in PHASES:
        for apdus in range(4):
            station = city.station(chip)
            chip.tear(apdus, phase)
            assert station.run(city.recover_order(load, chip), city.now).outcome == "torn"
            assert city.stored(load).state == "authorised"
    assert city.recover(load, chip).outcome == "disproven"
    assert city.money(card) == Money(purse=0, inload=10_000, till=10_000)


def test_same_answer_again_gives_the_same_order_to_the_card(city: City) -> None:
    """A workstation that lost the server's answer sends its own again and gets the same MAC2; money is booked once."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    load = city.request(card)
    station = city.station(chip)
    first = start_job(city.bench, city.load_order(load, chip), city.now)
    answer = station.answer(first)
    second = answer_step(city.bench, answer, city.now)
    assert answer_step(city.bench, answer, city.now) == second
    credit = station.answer(second)
    end = answer_step(city.bench, credit, city.now)
    assert answer_step(city.bench, credit, city.now) == end
    assert end.outcome == "loaded"
    assert city.money(card) == Money(purse=10_000, inload=0, till=10_000)
    other = JobAnswer(credit.job_id, credit.step, credit.token, (ResponseApdu(bytes(4)),))
    with pytest.raises(ReaderStepConflict):
        answer_step(city.bench, other, city.now)


def test_crash_before_the_answer_was_stored_books_once(city: City) -> None:
    """Money committed, then a crash: the same answer from the same job goes on where it was; a new job replaces the attempt."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    load = city.request(card)
    station = city.station(chip)
    first = start_job(city.bench, city.load_order(load, chip), city.now)
    answer = station.answer(first)
    kind = city.bench.kinds[LOAD]
    kind.go_on(
        city.context(first, load), {"phase": "initializing"}, CardAnswer(answer.responses, torn=False)
    )  # and then the process died
    assert city.stored(load).state == "reserved"
    assert city.money(card) == Money(purse=0, inload=10_000, till=10_000)
    assert city.load(load, chip).outcome == "loaded"
    assert city.money(card) == Money(purse=10_000, inload=0, till=10_000)
    with pytest.raises(ReaderJobExpired):
        answer_step(city.bench, answer, city.now)


def test_crash_before_the_answer_was_stored_is_made_good_by_the_same_job(city: City) -> None:
    """The workstation sends its answer again minutes after the crash: the same attempt, the same MAC2, the chip is credited."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    load = city.request(card)
    station = city.station(chip)
    first = start_job(city.bench, city.load_order(load, chip), city.now)
    answer = station.answer(first)
    state = {"phase": "initializing"}
    lost = city.bench.kinds[LOAD].go_on(city.context(first, load), state, CardAnswer(answer.responses, torn=False))
    again = answer_step(city.bench, answer, city.now + timedelta(minutes=5))
    assert again.commands == lost.commands
    assert station.finish(again, city.now).outcome == "loaded"
    assert city.money(card) == Money(purse=10_000, inload=0, till=10_000)


def test_wrong_answer_to_credit_leaves_the_load_open(city: City) -> None:
    """A workstation that invents the card's TAC, or a refusal, decides nothing."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    for lie in (ResponseApdu(bytes(4)), ResponseApdu(b"", 0x9302), ResponseApdu(b"x")):
        load = city.request(card, 100)
        station = city.station(chip)
        station.carry = _lying_credit(chip, lie)
        assert station.run(city.load_order(load, chip), city.now).outcome == "undecided"
        assert city.stored(load).state == "authorised"
        with pytest.raises(LoadStateForbids):
            city.give_back(load)
        assert city.recover(load, chip).outcome == "disproven"
        assert city.load(load, chip).outcome == "loaded"
    assert chip_balance(chip) == 300
    assert city.money(card) == Money(purse=300, inload=0, till=300)


def _lying_credit(chip: EmulatedCard, lie: ResponseApdu) -> Carry:
    def carry(command: CommandApdu) -> ResponseApdu:
        return lie if command.ins == CREDIT else exchange(chip, command)

    return carry


def test_another_card_in_the_reader_gets_nothing(city: City) -> None:
    """MAC1 is checked under the key of the load's own card, whatever the answer to reset says."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    _, other = issue_card(city.sessions, city.hsm, city.now)
    load = city.request(card)
    with pytest.raises(WrongChip):
        start_job(city.bench, city.load_order(load, other), city.now)
    station = Workstation(city.bench, other)
    other.reset()
    assert station.run(city.load_order(load, chip), city.now).outcome == "card_not_genuine"
    assert city.stored(load).state == "requested"
    assert city.money(card).till == 0


def test_recorded_announcement_of_an_earlier_load_is_refused(city: City) -> None:
    """An INITIALIZE answer played back after the load was proven takes no money again."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    load = city.request(card, 100)
    station = city.station(chip)
    station.run(city.load_order(load, chip), city.now)
    recorded = station.trace[1][1]
    again = city.request(card, 100)
    station = city.station(chip)
    station.carry = lambda command: recorded if command.ins == 0x50 else exchange(chip, command)
    assert station.run(city.load_order(again, chip), city.now).outcome == "replayed"
    assert city.stored(again).state == "requested"
    assert city.money(card) == Money(purse=100, inload=0, till=100)


def test_chip_never_holds_more_than_its_class_allows(city: City) -> None:
    """The ceiling is held by the balance that the card itself certifies, not by the shadow."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    city.loaded(card, chip, 95_000)
    over = city.request(card, 5_001)
    assert city.load(over, chip).outcome == "over_ceiling"
    assert city.money(card) == Money(purse=95_000, inload=0, till=95_000)
    city.loaded(card, chip, 5_000)
    assert chip_balance(chip) == 100_000
    for amount_fen in (0, -1, 100_001):
        with pytest.raises(LoadAmountInvalid):
            city.request(card, amount_fen)


def test_lost_card_is_not_loaded(city: City) -> None:
    """Once lost, a card takes no more money, not even a load that was asked for before."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    load = city.request(card)
    with transaction(city.sessions) as session:
        report_loss(session, card.id, city.deed(), temporary=False)
    with pytest.raises(CardNotLoadable):
        city.request(card)
    with pytest.raises(CardNotLoadable):
        city.load(load, chip)
    assert city.money(card).till == 0


def test_card_has_one_open_load(city: City) -> None:
    """As long as one load is not decided, no other takes money for the same card."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    first, second = city.request(card, 100), city.request(card, 200)
    station = city.station(chip)
    chip.tear(2, "after")
    station.run(city.load_order(first, chip), city.now)
    with pytest.raises(LoadAlreadyOpen):
        city.request(card, 300)
    with pytest.raises(LoadAlreadyOpen):
        city.load(second, chip)
    assert city.recover(first, chip).outcome == "loaded"
    assert city.load(second, chip).outcome == "loaded"
    assert chip_balance(chip) == 300
    assert city.money(card) == Money(purse=300, inload=0, till=300)


def test_two_counters_loading_one_card_at_once_book_one_load(
    committed: Sessions, vault: SoftwareVault, now: datetime
) -> None:
    """Two loads that announce themselves at the same instant: one is booked, the other is told why not."""
    city = City.open(committed, vault, now)
    card, chip = issue_card(committed, vault, now)
    answers = []
    for amount_fen in (100, 200):
        load = city.request(card, amount_fen)
        step = start_job(city.bench, JobOrder(LOAD, load.id, chip.atr, Actor("staff", "staff_x")), now)
        answers.append(city.station(chip).answer(step))
    outcomes: list[str] = []

    def send(answer: JobAnswer) -> None:
        try:
            outcomes.append("done" if not answer_step(city.bench, answer, now).done else "ended")
        except CitizencardError as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=send, args=(answer,)) for answer in answers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "load_already_open"]
    assert city.money(card).inload in {100, 200}
    assert city.money(card).inload == city.money(card).till


def test_same_step_twice_at_once_books_once(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Eight copies of one answer at the same instant give one booking and one MAC2."""
    city = City.open(committed, vault, now)
    card, chip = issue_card(committed, vault, now)
    load = city.request(card)
    answer = city.station(chip).answer(start_job(city.bench, city.load_order(load, chip), now))
    steps: list[bytes] = []

    def send() -> None:
        steps.append(b"".join(command.to_bytes() for command in answer_step(city.bench, answer, now).commands))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(steps) == 8
    assert len(set(steps)) == 1
    assert city.money(card) == Money(purse=0, inload=10_000, till=10_000)
