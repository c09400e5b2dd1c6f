"""Money taken off a chip at the counter: chip, shadow and what is due agree whatever is torn, lied or sent twice."""

import threading
from dataclasses import replace
from datetime import datetime

import pytest

from citizencard.cards.errors import ReaderJobExpired, ReaderStepConflict, WrongChip
from citizencard.cards.flow import answer_step, start_job
from citizencard.cards.reader_jobs import CardAnswer, JobAnswer
from citizencard.cards.states import report_loss
from citizencard.db import Sessions, transaction
from citizencard.errors import CitizencardError
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.loads.errors import LoadAlreadyOpen
from citizencard.purse.unloads.errors import (
    CardNotUnloadable,
    UnknownUnload,
    UnloadAlreadyOpen,
    UnloadAmountInvalid,
    UnloadStateForbids,
)
from citizencard.purse.unloads.flow import UNLOAD
from citizencard.purse.unloads.models import Unload
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import exchange
from hardware.card.unload import InitializeForUnload
from hardware.emulator import EmulatedCard, TearPhase
from ledger import prove
from tests.citizencard.cards.make_cards import issue_card
from tests.citizencard.cards.reader import Carry, Workstation
from tests.citizencard.purse.loads.make_loads import City, Money, chip_balance
from tests.citizencard.purse.unloads.make_unloads import (
    COMMANDS,
    DEBIT,
    loaded_card,
    order,
    recover,
    run,
    stored,
    torn,
    wish,
    withdraw,
)

INITIALIZE = 0x50
BALANCE = 0x5C


def _books_agree(city: City) -> None:
    with transaction(city.sessions) as session:
        assert prove(session).differences == ()


def test_money_leaves_the_chip_and_is_due_to_its_holder(city: City) -> None:
    """Forty yuan off the chip, then all that is left: the shadow follows, the holder is owed it, and nothing else moves."""
    card, chip = loaded_card(city)
    first = wish(city, card, 4_000)
    assert run(city, first, chip).outcome == "unloaded"
    assert (stored(city, first).state, stored(city, first).amount_fen) == ("proven", 4_000)
    assert chip_balance(chip) == 6_000
    assert city.money(card) == Money(purse=6_000, due=4_000, till=10_000)
    rest = wish(city, card)
    assert run(city, rest, chip).outcome == "unloaded"
    assert stored(city, rest).amount_fen == 6_000
    assert chip_balance(chip) == 0
    assert city.money(card) == Money(purse=0, due=10_000, till=10_000)
    assert run(city, wish(city, card), chip).outcome == "nothing_on_chip"
    assert run(city, wish(city, card, 1), chip).outcome == "card_refused"
    _books_agree(city)


def test_unload_that_ended_takes_no_more_steps(city: City) -> None:
    """An unload is carried out once; one that nobody asked for is not carried out at all."""
    card, chip = loaded_card(city)
    unload = wish(city, card, 6_000)
    assert run(city, unload, chip).outcome == "unloaded"
    for job in (run, recover):
        with pytest.raises(UnloadStateForbids):
            job(city, unload, chip)
    with pytest.raises(UnknownUnload):
        run(city, Unload(id="unload_none"), chip)


@pytest.mark.parametrize("phase", ["before", "inside", "after"])
def test_unload_torn_at_every_command_neither_loses_nor_makes_a_fen(city: City, phase: TearPhase) -> None:
    """Torn at any command, an unload ends with the money on the chip or due to the holder, never both."""
    card, chip = loaded_card(city, 1_000)
    due_fen = 0
    for command in range(COMMANDS):
        unload = wish(city, card, 100)
        torn(city, unload, chip, phase, command)
        ordered = command == COMMANDS - 1
        assert stored(city, unload).state == ("authorised" if ordered else "requested")
        assert city.money(card) == Money(purse=1_000 - due_fen, due=due_fen, till=1_000)
        if not ordered:
            assert run(city, unload, chip).outcome == "unloaded"
            due_fen += 100
        else:
            debited = phase == "after"
            assert recover(city, unload, chip).outcome == ("unloaded" if debited else "unload_disproven")
            due_fen += 100 * debited
        assert chip_balance(chip) == 1_000 - due_fen
        assert city.money(card) == Money(purse=1_000 - due_fen, due=due_fen, till=1_000)
    _books_agree(city)


def test_same_answer_again_gives_the_same_order_to_the_card(city: City) -> None:
    """A workstation that lost the server's answer sends its own again and gets the same MAC2; money moves once."""
    card, chip = loaded_card(city)
    unload = wish(city, card, 4_000)
    station = city.station(chip)
    answer = station.answer(start_job(city.bench, order(unload, chip), city.now))
    second = answer_step(city.bench, answer, city.now)
    assert answer_step(city.bench, answer, city.now) == second
    debit = station.answer(second)
    end = answer_step(city.bench, debit, city.now)
    assert answer_step(city.bench, debit, city.now) == end
    assert end.outcome == "unloaded"
    assert city.money(card) == Money(purse=6_000, due=4_000, till=10_000)
    with pytest.raises(ReaderStepConflict):
        answer_step(city.bench, replace(debit, responses=(ResponseApdu(bytes(4)),)), city.now)


def test_crash_between_the_commits_leaves_an_unload_that_the_next_contact_ends(city: City) -> None:
    """The order is written down and the process dies before MAC2 left: the same job goes on, another one begins anew."""
    card, chip = loaded_card(city)
    unload = wish(city, card, 4_000)
    kind, state = city.bench.kinds[UNLOAD], {"phase": "initializing", "amount_fen": 4_000}
    station = city.station(chip)
    first = start_job(city.bench, order(unload, chip), city.now)
    answer = station.answer(first)
    context = replace(city.context(first, city.request(card, 1)), subject_id=unload.id)
    lost = kind.go_on(context, state, CardAnswer(answer.responses, torn=False))  # and then the process died
    assert stored(city, unload).state == "announced"
    with pytest.raises(UnloadAlreadyOpen):
        city.request(card, 100)
    assert answer_step(city.bench, answer, city.now).commands == lost.commands
    assert stored(city, unload).state == "authorised"
    assert recover(city, unload, chip).outcome == "unload_disproven"
    again = wish(city, card, 4_000)
    first = start_job(city.bench, order(again, chip), city.now)
    answer = city.station(chip).answer(first)
    context = replace(context, job_id=first.job_id, subject_id=again.id)
    kind.go_on(context, state, CardAnswer(answer.responses, torn=False))
    assert run(city, again, chip).outcome == "unloaded"
    with pytest.raises(ReaderJobExpired):
        answer_step(city.bench, answer, city.now)
    assert city.money(card) == Money(purse=6_000, due=4_000, till=10_000)


def test_unload_that_was_withdrawn_never_reaches_the_card(city: City) -> None:
    """Given up before MAC2 left, the order is dead, even for a job that waits with its answer; afterwards it is proof that decides."""
    card, chip = loaded_card(city)
    unload = wish(city, card, 4_000)
    answer = city.station(chip).answer(start_job(city.bench, order(unload, chip), city.now))
    assert withdraw(city, unload).state == "withdrawn"
    with pytest.raises(UnloadStateForbids):
        answer_step(city.bench, answer, city.now)
    second = wish(city, card, 4_000)
    torn(city, second, chip, "before")
    with pytest.raises(UnloadStateForbids):
        withdraw(city, second)
    assert city.money(card).due == 0


def _lying(chip: EmulatedCard, instruction: int, lie: ResponseApdu) -> Carry:
    def carry(command: CommandApdu) -> ResponseApdu:
        return lie if command.ins == instruction else exchange(chip, command)

    return carry


def test_invented_mac3_is_worth_nothing(city: City) -> None:
    """A workstation that keeps the card from being debited and invents its answer gets an open unload, and then a disproved one."""
    card, chip = loaded_card(city)
    before = wish(city, card, 4_000)
    station = city.station(chip)
    assert station.run(order(before, chip), city.now).outcome == "unloaded"
    of_another = station.trace[-1][1]
    for lie in (ResponseApdu(bytes(4)), ResponseApdu(b"", 0x9302), ResponseApdu(b"x"), of_another):
        unload = wish(city, card, 4_000)
        station = city.station(chip)
        station.carry = _lying(chip, DEBIT, lie)
        assert station.run(order(unload, chip), city.now).outcome == "unload_undecided"
        assert stored(city, unload).state == "authorised"
        assert recover(city, unload, chip).outcome == "unload_disproven"
    assert chip_balance(chip) == 6_000
    assert city.money(card) == Money(purse=6_000, due=4_000, till=10_000)


def test_recorded_announcement_is_refused(city: City) -> None:
    """An INITIALIZE answer recorded before the card counted on gets no MAC2: else its counter would look as if it had been debited."""
    card, chip = loaded_card(city)
    station = city.station(chip)
    unload = wish(city, card, 4_000)
    chip.tear(2, "before")
    assert station.run(order(unload, chip), city.now).outcome == "torn"
    recorded = station.trace[-1][1]
    assert recover(city, unload, chip).outcome == "unload_disproven"
    city.loaded(card, chip, 100)  # the card counts on by a load, not by an unload
    again = wish(city, card, 4_000)
    station = city.station(chip)
    station.carry = _lying(chip, INITIALIZE, recorded)
    assert station.run(order(again, chip), city.now).outcome == "replayed"
    assert stored(city, again).state == "requested"
    assert city.money(card) == Money(purse=10_100, due=0, till=10_100)


def test_recorded_load_is_refused_after_an_unload(city: City) -> None:
    """The other way round: a load is not announced by what the card said before it was unloaded."""
    card, chip = loaded_card(city)
    load = city.request(card, 100)
    station = city.station(chip)
    chip.tear(2, "before")
    station.run(city.load_order(load, chip), city.now)
    recorded = station.trace[-1][1]
    assert city.recover(load, chip).outcome == "disproven"
    city.give_back(load)
    assert run(city, wish(city, card, 4_000), chip).outcome == "unloaded"
    again = city.request(card, 100)
    station = city.station(chip)
    station.carry = _lying(chip, INITIALIZE, recorded)
    assert station.run(city.load_order(again, chip), city.now).outcome == "replayed"
    assert city.recover(load, chip).outcome == "given_back"  # the counter rose by the unload
    assert city.money(card) == Money(purse=6_000, due=4_000, till=10_000)


def test_altered_amounts_are_not_genuine(city: City) -> None:
    """A workstation that asks the card for another amount, or tells another balance, is found out by MAC1."""
    card, chip = loaded_card(city)

    def less(command: CommandApdu) -> ResponseApdu:
        if command.ins == INITIALIZE:
            asked = InitializeForUnload.from_command(command)
            command = replace(asked, amount_fen=1).command()
        return exchange(chip, command)

    station = city.station(chip)
    station.carry = less
    assert station.run(order(wish(city, card, 4_000), chip), city.now).outcome == "card_not_genuine"
    whole = wish(city, card)
    for told_fen, outcome in ((1_000, "balance_differs"), (20_000, "card_refused")):
        station = city.station(chip)
        station.carry = _lying(chip, BALANCE, ResponseApdu(told_fen.to_bytes(4)))
        assert station.run(order(whole, chip), city.now).outcome == outcome
    assert (stored(city, whole).state, chip_balance(chip)) == ("requested", 10_000)
    assert city.money(card) == Money(purse=10_000, till=10_000)


def test_another_card_in_the_reader_gives_nothing(city: City) -> None:
    """MAC1 is checked under the key of the unload's own card, whatever the answer to reset says."""
    card, chip = loaded_card(city)
    _, other = loaded_card(city)
    unload = wish(city, card, 4_000)
    with pytest.raises(WrongChip):
        start_job(city.bench, order(unload, other), city.now)
    other.reset()
    assert Workstation(city.bench, other).run(order(unload, chip), city.now).outcome == "card_not_genuine"
    assert chip_balance(other) == 10_000


def test_card_has_one_open_order(city: City) -> None:
    """As long as an unload is not decided, no load and no other unload is; and the other way round."""
    card, chip = loaded_card(city)
    load, first, second = city.request(card, 100), wish(city, card, 100), wish(city, card, 200)
    torn(city, first, chip, "after")
    for refused in (lambda: wish(city, card, 1), lambda: run(city, second, chip), lambda: city.request(card, 100)):
        with pytest.raises(UnloadAlreadyOpen):
            refused()
    with pytest.raises(UnloadAlreadyOpen):
        city.load(load, chip)
    assert recover(city, first, chip).outcome == "unloaded"
    station = city.station(chip)
    chip.tear(2, "after")
    station.run(city.load_order(load, chip), city.now)
    with pytest.raises(LoadAlreadyOpen):
        wish(city, card, 1)
    with pytest.raises(LoadAlreadyOpen):
        run(city, second, chip)
    assert city.recover(load, chip).outcome == "loaded"
    assert run(city, second, chip).outcome == "unloaded"
    assert chip_balance(chip) == 9_800
    assert city.money(card) == Money(purse=9_800, due=300, till=10_100)


def test_only_cards_in_the_holders_hands_are_unloaded(city: City) -> None:
    """Nothing leaves a lost card, not even by an unload that was asked for before; amounts are those of a chip."""
    card, chip = loaded_card(city)
    unload = wish(city, card, 100)
    for amount_fen in (0, -1, 100_001):
        with pytest.raises(UnloadAmountInvalid):
            wish(city, card, amount_fen)
    with transaction(city.sessions) as session:
        report_loss(session, card.id, city.deed(), temporary=False)
    with pytest.raises(CardNotUnloadable):
        wish(city, card)
    with pytest.raises(CardNotUnloadable):
        run(city, unload, chip)
    assert chip_balance(chip) == 10_000


def test_two_counters_at_once_release_one_order(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A load and an unload of one card that announce themselves at the same instant: one goes on, the other is told why not."""
    city = City.open(committed, vault, now)
    card, chip = issue_card(committed, vault, now)
    city.loaded(card, chip, 1_000)
    load, unload = city.request(card, 100), wish(city, card, 100)
    answers = [
        city.station(chip).answer(start_job(city.bench, wanted, now))
        for wanted in (city.load_order(load, chip), order(unload, chip))
    ]
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
    assert "done" in outcomes
    assert set(outcomes) - {"done"} <= {"load_already_open", "unload_already_open"}
    assert len(set(outcomes)) == 2
