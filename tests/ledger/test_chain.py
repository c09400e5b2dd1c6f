"""What every chain of seals has in common; the ledger's own and the audit trail's are tried where they are."""

from hashlib import sha256

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from citizencard.db import Sessions, reading, transaction
from ledger import draw_cut, post, seal, verify_seals
from ledger.chain import GENESIS, chained
from tests.ledger.make import AT, books, tamper, transfer


def test_hash_of_a_link_is_what_the_description_says() -> None:
    """Somebody with a hash function and no program of ours comes to the same hash."""
    digests = (1).to_bytes(8, "big") + b"\x01" * 16
    written = f'[1,1,5,1,"{GENESIS}","{"a" * 64}","{sha256(digests).hexdigest()}"]'
    assert chained((1, 1, 5, 1), GENESIS, "a" * 64, digests) == sha256(written.encode()).hexdigest()


def test_row_below_the_first_id_is_found(committed: Sessions) -> None:
    """Nobody slips a row in before the beginning of the chain."""
    with transaction(committed) as session:
        books(session)
        post(session, [transfer("a", "bank", "wallet:1", 5)], now=AT)
    with transaction(committed) as session:
        draw_cut(session, AT)
    with transaction(committed) as session:
        assert seal(session, now=AT)
    overriding = "OVERRIDING SYSTEM VALUE" if committed.kw["bind"].dialect.name == "postgresql" else ""
    columns = "debit_id, credit_id, amount_fen, currency, kind, occurred_at, recorded_at, business_date, fingerprint, metadata"
    tamper(
        committed,
        f"INSERT INTO ledger_transfer (id, reference, {columns}) {overriding}"  # noqa: S608 # constants
        f" SELECT -3, 'forged', {columns} FROM ledger_transfer",
    )
    with reading(committed) as session:
        (difference,) = verify_seals(session)
    assert (difference.what, difference.where) == ("sealed_row_inserted", "transfer -3")


def test_nothing_new_is_no_link(session: Session) -> None:
    """A city in which nothing happened gets no empty seals."""
    books(session)
    draw_cut(session, AT)
    assert seal(session, now=AT) is None
    assert session.execute(text("SELECT count(*) FROM ledger_seal")).scalar_one() == 0


@pytest.mark.parametrize("limit", [1, 10])
def test_portions_join(session: Session, limit: int) -> None:
    """Sealed in portions or at once, the chain covers the same ids."""
    books(session)
    post(session, [transfer(f"t{number}", "bank", "wallet:1", 5) for number in range(3)], now=AT)
    cut_id = draw_cut(session, AT)
    while (made := seal(session, now=AT, limit=limit)) is not None:
        last_id = made.last_id
    assert last_id == cut_id
    assert list(verify_seals(session)) == []
