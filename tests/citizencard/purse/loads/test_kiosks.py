"""Loads at kiosks: chip, shadow and account agree, whatever a kiosk says, repeats or forgets."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from citizencard.accounts.errors import (
    BatchNotGiven,
    NumberOfAnotherTerminal,
    PurchaseInvalid,
    ReversalImpossible,
    TraceReused,
)
from citizencard.accounts.holds.ending import reverse_event
from citizencard.accounts.losses import report_loss
from citizencard.accounts.reversals import ReversalOutcome
from citizencard.cards.errors import UnknownCard
from citizencard.cards.states import block_card, unblock_card
from citizencard.db import Sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.loads.errors import (
    CardNotGenuine,
    CardNotLoadable,
    ChipCeilingExceeded,
    LoadAlreadyOpen,
    LoadNotPayable,
    LoadStateForbids,
    NotAKiosk,
    UnknownLoad,
)
from citizencard.purse.loads.kiosks.claims import KioskLoadClaim, LoadEvidence
from citizencard.purse.loads.loads import find_load
from citizencard.purse.loads.models import LoadSource, LoadState
from citizencard.purse.unloads.errors import AnnouncementStale
from ledger import prove
from ledger.errors import BalanceTooLow
from tests.citizencard.accounts.make_accounts import at_once
from tests.citizencard.cards.make_blocks import put_on, stolen_card
from tests.citizencard.purse.loads.kiosks.make_kiosks import DUE_FEN, START_FEN, Hall
from tests.citizencard.purse.loads.make_loads import chip_balance

COPIES = 6


@pytest.fixture
def hall(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Hall:
    """A hall with kiosks, and a resident with a card."""
    return Hall.open(sessions, vault, now)


def test_money_goes_onto_the_chip(hall: Hall) -> None:
    """What waits for the card, and what the account holds, are on the chip afterwards, in its shadow, and nowhere else.

    A kiosk that lost the answer gets the same MAC2 again; other content under the name is refused, and money is booked once.
    """
    claim = hall.claim(1_000)
    told = hall.begin(claim)
    assert (told.load_id, told.state) == ("330200000071.1.1", LoadState.AUTHORISED)
    assert [hall.begin(claim) for _ in range(2)] == [told, told]
    for other in (replace(claim, amount_fen=1_001), replace(claim, source=LoadSource.ACCOUNT, proof=bytes(8))):
        with pytest.raises(TraceReused):
            hall.begin(other)
    assert hall.money() == {"wallet": START_FEN, "due": DUE_FEN - 1_000, "inload": 1_000}
    standing = hall.by_tac(told.load_id, hall.credit(told))
    assert (standing.state, standing.amount_fen) == (LoadState.PROVEN, 1_000)
    assert hall.begin(claim).mac2 is None
    told = hall.begin(hall.claim(500, trace=2, source=LoadSource.ACCOUNT))
    assert hall.money() == {"wallet": START_FEN - 500, "due": DUE_FEN - 1_000, "inload": 500, "purse": 1_000}
    assert hall.by_tac(told.load_id, hall.credit(told)).state is LoadState.PROVEN
    assert hall.money() == {"wallet": START_FEN - 500, "due": DUE_FEN - 1_000, "purse": 1_500}
    assert chip_balance(hall.chip) == 1_500
    with transaction(hall.city.sessions) as session:
        assert prove(session).differences == ()


def test_torn_card_is_found_out_by_tac_counter_or_probe(hall: Hall) -> None:
    """Whatever became of the card, its next contact ends the load: credited by its stored TAC or counter, not credited by a probe."""
    told = hall.begin(hall.claim())
    hall.credit(told)  # and the kiosk lost the TAC
    assert hall.by_tac(told.load_id, hall.stored_tac(told.load_id)).state is LoadState.PROVEN
    told = hall.begin(hall.claim(500, trace=2))
    hall.credit(told)
    assert hall.take(hall.probed(told.load_id)).state is LoadState.PROVEN
    told = hall.begin(hall.claim(250, trace=3))
    hall.credit(told)
    again = hall.claim(250, trace=3)
    assert (hall.begin(again).state, hall.begin(again).mac2) == (LoadState.PROVEN, None)
    told = hall.begin(hall.claim(100, trace=4))
    with pytest.raises(LoadStateForbids):
        hall.begin(hall.claim(100, trace=4))
    assert hall.take(hall.probed(told.load_id)).state is LoadState.DISPROVEN
    told = hall.begin(hall.claim(100, trace=4))
    assert hall.by_tac(told.load_id, hall.credit(told)).state is LoadState.PROVEN
    assert chip_balance(hall.chip) == hall.money()["purse"] == 1_850
    assert hall.probe(told.load_id).probe is None


def test_only_the_chip_ends_a_load(hall: Hall) -> None:
    """Invented TACs, another card's answers, an INITIALIZE recorded before: nothing moves, and nothing is given back without a disproof."""
    recorded = hall.claim().initialized
    told = hall.begin(hall.claim())
    evidence = LoadEvidence(told.load_id, hall.card.serial, hall.kiosks[0].number, initialized=recorded)
    assert hall.take(evidence).state is LoadState.AUTHORISED
    for lie in (replace(evidence, initialized=bytes(16)), replace(evidence, amount_fen=999)):
        with pytest.raises(CardNotGenuine):
            hall.take(lie)
    with pytest.raises(CardNotGenuine):
        hall.by_tac(told.load_id, bytes(4))
    with pytest.raises(LoadStateForbids):
        hall.give_back(told.load_id)
    for wrong in (replace(evidence, tac=bytes(4)), replace(evidence, initialized=b""), replace(evidence, amount_fen=0)):
        with pytest.raises(PurchaseInvalid):
            hall.take(wrong)
    assert hall.money()["inload"] == 1_000
    stale = hall.probed(told.load_id)
    hall.take(stale)
    told = hall.begin(hall.claim())
    with pytest.raises(CardNotGenuine):
        hall.take(stale)
    assert hall.by_tac(told.load_id, hall.credit(told)).state is LoadState.PROVEN


def test_disproven_load_goes_back_to_where_it_came_from(hall: Hall) -> None:
    """A resident who goes away has the money back, in the account even while that is frozen; asked twice, once."""
    before = hall.money()
    for trace, source in enumerate((LoadSource.DUE, LoadSource.ACCOUNT), 1):
        told = hall.begin(hall.claim(trace=trace, source=source))
        assert hall.take(hall.probed(told.load_id)).state is LoadState.DISPROVEN
        if source is LoadSource.ACCOUNT:
            with transaction(hall.city.sessions) as session:
                report_loss(session, hall.card.id, hall.city.deed(), temporary=True)
        with pytest.raises(UnknownLoad):
            hall.give_back(told.load_id, kiosk=1)
        for _ in range(2):
            assert hall.give_back(told.load_id).state is LoadState.GIVEN_BACK
        assert hall.money() == before


def test_counter_and_kiosk_finish_each_others_loads(hall: Hall) -> None:
    """A card torn at a kiosk is helped at the counter or at another kiosk, and one torn at the counter is helped at a kiosk."""
    first = hall.begin(hall.claim())
    with transaction(hall.city.sessions) as session:
        load = find_load(session, first.load_id)
        session.expunge_all()
    assert hall.city.recover(load, hall.chip).outcome == "disproven"
    assert hall.city.load(load, hall.chip).outcome == "loaded"
    assert hall.money()["purse"] == 1_000
    cash = hall.city.request(hall.card, 300)
    station = hall.city.station(hall.chip)
    hall.chip.tear(2, "after")
    assert station.run(hall.city.load_order(cash, hall.chip), hall.city.now).outcome == "torn"
    with pytest.raises(LoadAlreadyOpen) as refused:
        hall.begin(hall.claim(100, trace=2))
    assert refused.value.fields["load_id"] == cash.id
    assert hall.take(hall.probed(cash.id, kiosk=1), kiosk=1).state is LoadState.PROVEN
    third = hall.begin(hall.claim(100, trace=2))
    assert hall.take(hall.probed(third.load_id, kiosk=1), kiosk=1).state is LoadState.DISPROVEN
    assert hall.begin(hall.claim(100, trace=2)).mac2 is not None
    assert chip_balance(hall.chip) == 1_300


def test_account_pays_with_the_proof_of_its_card_only(hall: Hall) -> None:
    """No proof, an old one, too little money, a listed card: nothing is booked and the name stays free. A load is never reversed.

    A reversal neither takes a load back nor pretends to; one that comes first keeps the load from ever beginning.
    """
    claim = hall.claim(source=LoadSource.ACCOUNT)
    before = hall.money()
    with pytest.raises(LoadNotPayable) as refused:
        hall.begin(replace(claim, proof=bytes(8)))
    assert refused.value.fields == {"reason": "bad_proof"}
    early = replace(hall, city=replace(hall.city, now=hall.city.now - timedelta(minutes=6)))
    with pytest.raises(LoadNotPayable, match="clock"):
        hall.begin(early.claim(source=LoadSource.ACCOUNT))
    with pytest.raises(BalanceTooLow):
        hall.begin(hall.claim(START_FEN + 1, source=LoadSource.ACCOUNT))
    with pytest.raises(BalanceTooLow):
        hall.begin(hall.claim(DUE_FEN + 1))
    assert hall.money() == before
    told = hall.begin(hall.claim(source=LoadSource.ACCOUNT))
    with transaction(hall.city.sessions) as session, pytest.raises(ReversalImpossible):
        reverse_event(session, hall.kiosks[0].terminal_id, hall.name(), hall.city.now)
    assert hall.by_tac(told.load_id, hall.credit(told)).state is LoadState.PROVEN
    with transaction(hall.city.sessions) as session:
        back = reverse_event(session, hall.kiosks[0].terminal_id, hall.name(2), hall.city.now)
    assert back.outcome is ReversalOutcome.REMEMBERED
    with pytest.raises(TraceReused):
        hall.begin(hall.claim(trace=2))


def test_card_of_a_stolen_box_is_not_loaded(hall: Hall) -> None:
    """What a kiosk is shown out of a stolen box gets no money, and no MAC2."""
    before = hall.money()
    with transaction(hall.city.sessions) as session:
        put_on(session, stolen_card(hall.card.serial), hall.city.now)
    with pytest.raises(CardNotLoadable):
        hall.begin(hall.claim())
    assert hall.money() == before


def test_chip_and_card_are_asked_before_money_moves(hall: Hall) -> None:
    """The ceiling is held by what the chip certifies; a blocked card, a stale answer or a foreign one loads nothing."""
    hall.city.loaded(hall.card, hall.chip, 99_000)
    before = hall.money()
    with pytest.raises(ChipCeilingExceeded) as refused:
        hall.begin(hall.claim(1_001))
    assert refused.value.fields == {"ceiling_fen": 100_000, "balance_fen": 99_000}
    claim = hall.claim()
    with pytest.raises(CardNotGenuine):
        hall.begin(replace(claim, initialized=claim.initialized[:-1] + b"\x00"))
    with pytest.raises(UnknownCard):
        hall.begin(replace(claim, card_serial=bytes.fromhex("03103302999999999990")))
    with transaction(hall.city.sessions) as session:
        block_card(session, hall.card.id, hall.city.deed())
    with pytest.raises(CardNotLoadable):
        hall.begin(hall.claim())
    with transaction(hall.city.sessions) as session:
        unblock_card(session, hall.card.id, hall.city.deed())
    assert hall.money() == before
    told = hall.begin(claim)
    assert told.mac2 is not None
    hall.take(hall.probed(told.load_id))
    hall.give_back(told.load_id)
    recorded = hall.claim(500, trace=2)
    hall.city.loaded(hall.card, hall.chip, 100)
    with pytest.raises(AnnouncementStale):
        hall.begin(recorded)
    assert hall.money() == {**before, "purse": 99_100}


def test_kiosk_speaks_for_itself(hall: Hall) -> None:
    """Other kinds of devices, other numbers, batches that were never given, and what has no form are refused."""
    claim = hall.claim()
    with pytest.raises(NotAKiosk):
        hall.begin(claim, kiosk=2)
    with pytest.raises(NumberOfAnotherTerminal):
        hall.begin(claim, kiosk=1)
    with pytest.raises(BatchNotGiven):
        hall.begin(replace(claim, name=replace(claim.name, batch=2)))
    told = hall.begin(claim)
    with pytest.raises(NumberOfAnotherTerminal):
        hall.begin(claim, kiosk=1)
    with pytest.raises(NotAKiosk):
        hall.probe(told.load_id, kiosk=2)
    with pytest.raises(UnknownLoad):
        hall.take(LoadEvidence(told.load_id, bytes(10), hall.kiosks[0].number, tac=bytes(4)))
    requested = hall.city.request
    with pytest.raises(LoadAlreadyOpen):
        requested(hall.card, 100)
    for wrong in _unformed(claim):
        with pytest.raises(PurchaseInvalid):
            hall.begin(wrong)


def _unformed(claim: KioskLoadClaim) -> tuple[KioskLoadClaim, ...]:
    return (
        replace(claim, source=LoadSource.CASH),
        replace(claim, amount_fen=0),
        replace(claim, initialized=b""),
        replace(claim, proof=bytes(8)),
        replace(claim, source=LoadSource.ACCOUNT),
        replace(claim, date=bytes.fromhex("20261399")),
        replace(claim, card_serial=b""),
        replace(claim, name=replace(claim.name, batch=100_000_000, trace=1_000_000_000)),
    )


def test_copies_at_once_are_one_load(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A kiosk that stutters books once and gets one MAC2; proofs that arrive together end the load once."""
    hall = Hall.open(committed, vault, now)
    answers = at_once([partial(hall.begin, hall.claim())] * COPIES)
    assert len(set(answers)) == 1
    assert hall.money() == {"wallet": START_FEN, "due": DUE_FEN - 1_000, "inload": 1_000}
    told = hall.begin(hall.claim()) if answers[0] is None else answers[0]
    tac = hall.credit(told)  # type: ignore[arg-type] # what `begin` has answered
    assert len(set(at_once([partial(hall.by_tac, "330200000071.1.1", tac)] * COPIES))) == 1
    assert hall.money() == {"wallet": START_FEN, "due": DUE_FEN - 1_000, "purse": 1_000}
