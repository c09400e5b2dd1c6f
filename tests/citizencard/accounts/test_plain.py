"""The quick way of a purchase books what the ordinary way books, and takes nothing that it would refuse."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, text

from citizencard.accounts.flow import purchase, signed_purchase
from citizencard.accounts.models import PurchaseVerdict
from citizencard.accounts.plain import paid_plainly
from citizencard.accounts.proof import PurchaseClaim
from citizencard.accounts.purchases import PurchaseAnswer
from citizencard.accounts.reversals import ReversalOutcome
from citizencard.db import Sessions, make_engine, make_sessions
from citizencard.keys.vault import SoftwareVault
from citizencard.terminals.errors import NonceReplayed, TerminalDisabled
from citizencard.terminals.signing import Nonce, speaking, use_up
from ledger.prepared import line
from tests import postgres
from tests.citizencard.accounts.make_accounts import START_FEN, Shop, at_once

ROWS = ("online_purchase", "ledger_transfer", "terminal_nonce")
COPIES = 8
CHANGES = [
    (f"UPDATE {table} SET {now} WHERE {which}", f"UPDATE {table} SET {then} WHERE {which}")  # noqa: S608 # words of this test
    for table, now, then, which in (
        ("terminal", "state = 'disabled'", "state = 'active'", "id = :terminal"),
        ("terminal", "last_batch = 0", "last_batch = 1", "id = :terminal"),
        ("card", "state = 'temp_lost'", "state = 'active'", "id = :card"),
        ("account_card", "unlinked_at = linked_at", "unlinked_at = NULL", "card_id = :card"),
        ("ledger_account", "state = 'frozen'", "state = 'open'", "code = :wallet"),
    )
]
"""What speaks against a purchase, and how it is taken back."""
LISTED = (
    (
        "INSERT INTO hotlist_entry (card_id, serial, reason, recorded_at, effective_from)"
        " SELECT id, serial, 'lost', '2026-11-20 00:00Z', '2026-11-20 00:00Z' FROM card WHERE id = :card"
    ),
    "UPDATE hotlist_entry SET removed_from = effective_from WHERE card_id = :card",
)
BLOCKED = (
    (
        "INSERT INTO hotlist_block (kind, first, last, reason, recorded_at, effective_from, approval_id)"
        " SELECT 'range', serial, serial, 'stolen', '2026-11-20 00:00Z', '2026-11-20 00:00Z', (SELECT min(id) FROM approval)"
        " FROM card WHERE id = :card"
    ),
    (
        "UPDATE hotlist_block SET removed_from = effective_from, end_approval_id = (SELECT max(id) FROM approval)"
        " WHERE kind = 'range'"
    ),
)
MODULE = (
    (
        "INSERT INTO hotlist_block (kind, first, last, reason, recorded_at, effective_from, approval_id)"
        " SELECT 'module', terminal_number, terminal_number, 'stolen', '2026-11-20 00:00Z', '2026-11-20 00:00Z',"
        " (SELECT max(id) FROM approval) FROM terminal_binding WHERE terminal_id = :terminal"
    ),
    (
        "UPDATE hotlist_block SET removed_from = effective_from, end_approval_id = (SELECT min(id) FROM approval)"
        " WHERE kind = 'module'"
    ),
)
_NONCES = itertools.count()


@pytest.fixture(scope="module")
def shop(clone_database: Callable[[str], str], vault: SoftwareVault) -> Iterator[Shop]:
    """A shop on a PostgreSQL of its own, with real commits."""
    engine = make_engine(clone_database("postgresql"))
    yield Shop.open(make_sessions(engine), vault, datetime.fromisoformat("2026-11-21T00:30:00+00:00"))
    engine.dispose()


@pytest.fixture(scope="module")
def owner(shop: Shop, postgres_port: int) -> Iterator[Engine]:
    """Somebody who may change any row."""
    engine = make_engine(postgres.url(postgres_port, str(engine_of(shop.sessions).url.database)))
    yield engine
    engine.dispose()


def engine_of(sessions: Sessions) -> Engine:
    found = sessions.kw["bind"]
    assert isinstance(found, Engine)
    return found


def nonce(shop: Shop) -> Nonce:
    return Nonce(shop.city.bus1.terminal_id, f"nonce-of-a-test-{next(_NONCES):08d}")


def quickly(shop: Shop, claim: PurchaseClaim, used: Nonce | None = None, now: datetime | None = None) -> bool:
    """Whether the quick way takes it."""
    with line(engine_of(shop.sessions)) as there:
        return paid_plainly(there, shop.hsm, used or nonce(shop), claim, now or shop.now)


def counts(owner: Engine) -> list[int]:
    with owner.connect() as connection:
        return [int(connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0) for name in ROWS]  # noqa: S608 # our tables


@contextmanager
def otherwise(owner: Engine, shop: Shop, change: str, back: str) -> Iterator[None]:
    """A city in which something is otherwise for a while."""
    named = {
        "terminal": shop.city.bus1.terminal_id,
        "card": shop.city.adult.card_id,
        "wallet": f"wallet:{shop.account_id}",
    }

    def do(statement: str) -> None:
        made = text(statement)
        with owner.begin() as connection:
            connection.execute(made, {name: named[name] for name in made.compile().params})

    do(change)
    try:
        yield
    finally:
        do(back)


def test_both_ways_write_the_same(shop: Shop, owner: Engine) -> None:
    """Whichever way a purchase goes, the same rows with the same content stand in the books, but for its own name."""
    purchase(shop.sessions, shop.hsm, shop.city.bus1.terminal_id, shop.claim(40, trace=1), shop.now)
    assert quickly(shop, shop.claim(40, trace=2))
    with owner.connect() as connection:
        bought = (
            connection.execute(text("SELECT * FROM online_purchase WHERE trace <= 2 ORDER BY trace")).mappings().all()
        )
        moved = (
            connection.execute(text("SELECT * FROM ledger_transfer WHERE kind = 'online_purchase' ORDER BY id"))
            .mappings()
            .all()
        )
    for rows, own in ((bought, {"id", "trace", "proof"}), (moved, {"id", "reference"})):
        ordinary, quick = ({name: value for name, value in row.items() if name not in own} for row in rows)
        assert quick == ordinary
    assert [row["reference"] for row in moved] == ["online:330200000001:1:1", "online:330200000001:1:2"]
    assert bought[1]["proof"] == shop.claim(40, trace=2).proof.hex().upper()


def test_quick_way_takes_nothing_that_is_refused(shop: Shop, owner: Engine) -> None:
    """Whatever speaks against a purchase, the quick way leaves it alone, and has written nothing, not even the nonce."""
    taken = nonce(shop)
    use_up(shop.sessions, taken, shop.now)
    assert quickly(shop, shop.claim(10, trace=10))
    claim, before = shop.claim(10, trace=11), counts(owner)
    for change, back in (*CHANGES, LISTED, BLOCKED, MODULE):
        with otherwise(owner, shop, change, back):
            assert not quickly(shop, claim), change
    for wrong in (
        replace(claim, proof=bytes(8)),
        shop.claim(START_FEN + 1, trace=11),
        shop.claim(10, trace=10),
        shop.claim(10, trace=11, at=shop.now + timedelta(minutes=6)),
        shop.claim(10, trace=11, card=shop.city.senior),
        shop.claim(10, trace=11, card=shop.city.lost),
    ):
        assert not quickly(shop, wrong), wrong
    assert not quickly(shop, claim, taken), "the nonce was used"
    unbound = shop.now - timedelta(hours=25)
    assert not quickly(shop, shop.claim(10, trace=11, at=unbound), now=unbound), "bound to nobody then"
    assert not quickly(shop, claim, Nonce(shop.city.bus2.terminal_id, "nonce-of-another-one")), "another's number"
    assert counts(owner) == before
    assert quickly(shop, claim)


def test_same_request_at_once_is_answered_once(shop: Shop, owner: Engine) -> None:
    """A recorded request that is sent eight times at once has one answer; resent under new nonces it has the same one, and one booking."""
    before, used, claim = counts(owner), nonce(shop), shop.claim(20, trace=20)

    def send(own: Nonce) -> PurchaseAnswer | None:
        try:
            return signed_purchase(shop.sessions, shop.hsm, own, claim, shop.now)
        except NonceReplayed:
            return None

    answers = at_once([partial(send, used)] * COPIES)
    assert sorted(answer is None for answer in answers) == [False] + [True] * (COPIES - 1)
    again = at_once([partial(send, nonce(shop)) for _ in range(COPIES)])
    assert {answer.verdict if isinstance(answer, PurchaseAnswer) else None for answer in again} == {
        PurchaseVerdict.APPROVED
    }
    assert [now - then for now, then in zip(counts(owner), before, strict=True)] == [1, 1, 1 + COPIES]


def test_refused_purchase_uses_its_nonce_up_with_its_verdict(shop: Shop) -> None:
    """A verdict of refusal is an answer, which nobody gets twice for one request; a refusal to judge leaves the nonce to the caller."""
    used = nonce(shop)
    poor = shop.claim(START_FEN + 1, trace=30)
    assert signed_purchase(shop.sessions, shop.hsm, used, poor, shop.now).verdict is PurchaseVerdict.REFUSED
    with pytest.raises(NonceReplayed):
        signed_purchase(shop.sessions, shop.hsm, used, poor, shop.now)
    with pytest.raises(NonceReplayed):
        use_up(shop.sessions, used, shop.now)


def test_reversed_before_and_after(shop: Shop) -> None:
    """A purchase of the quick way is taken back like any other, and one that was taken back before never comes in."""
    first, late = shop.claim(30, trace=40), shop.claim(30, trace=41)
    assert quickly(shop, first)
    assert shop.take_back(first.name).outcome is ReversalOutcome.REVERSED
    assert shop.take_back(late.name).outcome is ReversalOutcome.REMEMBERED
    assert not quickly(shop, late)
    assert signed_purchase(shop.sessions, shop.hsm, nonce(shop), late, shop.now).verdict is PurchaseVerdict.REFUSED


def test_stolen_terminal_is_shut_out_at_once(shop: Shop, owner: Engine) -> None:
    """Between one request and the next a terminal is disabled: nothing about it is remembered that would let it in."""
    key_id = shop.city.bus1.number.hex()
    assert speaking(shop.sessions, key_id) is not None
    with otherwise(owner, shop, *CHANGES[0]):
        assert speaking(shop.sessions, key_id) is None
        with pytest.raises(TerminalDisabled):
            signed_purchase(shop.sessions, shop.hsm, nonce(shop), shop.claim(10, trace=50), shop.now)
    assert speaking(shop.sessions, "") is None
