"""The head of the chain leaves the house, so that a chain that was rebuilt as a whole is found as well."""

import hmac
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from citizencard.keys.head_signing import HEAD_TITLE
from ledger import close_day, draw_cut, last_head, post, read_head, seal, signed_head, verify_seals
from ledger.errors import HeadForged, NothingSealed
from ledger.heads import TITLE
from tests.ledger.make import AT, DAY, books, transfer


def sign(content: bytes) -> bytes:
    return hmac.digest(b"key outside the database", content, "sha256")


def verify(content: bytes, signature: bytes) -> bool:
    return hmac.compare_digest(sign(content), signature)


def test_head_leaves_the_house_and_comes_back(session: Session) -> None:
    """The file is read back with its signature, holds against the chain, and not against one that was rebuilt."""
    books(session)
    with pytest.raises(NothingSealed):
        last_head(session, now=AT)
    post(session, [transfer("a", "bank", "wallet:1", 5), transfer("b", "bank", "wallet:1", 5)], now=AT)
    draw_cut(session, AT)
    for _ in range(2):
        seal(session, now=AT, limit=1)
    made = last_head(session, now=AT, beside={"city": "3302", "trail": {"seal": 4}})
    content = signed_head(made, sign)
    head = read_head(content, verify)
    assert head == made
    assert (head.seal, head.first_id, head.transfers, head.business_day) == (2, 1, 2, None)
    assert head.sealed_at == head.made_at == "2026-11-21T00:30:00.000000+00:00"
    assert list(verify_seals(session, verify, heads=[content])) == []
    rebuilt = content.replace(head.hash.encode(), b"0" * 64)
    for forged in (rebuilt, b"{}", b"[]", b"\xff", content[:-9], b"0" * 5_000):
        with pytest.raises(HeadForged):
            list(verify_seals(session, verify, heads=[forged]))
    with pytest.raises(HeadForged):
        list(verify_seals(session, heads=[content]))
    other = content.replace(b'"seal":2', b'"seal":7')
    (difference,) = verify_seals(session, lambda *_: True, heads=[other])
    assert (difference.what, difference.where, difference.found) == ("seal_head", "seal 7", "no such seal")


def test_head_names_the_last_day_that_is_sealed_whole(session: Session) -> None:
    """An auditor sees by the file which days are under it; a day that is closed and not sealed is not."""
    books(session)
    post(session, [transfer("a", "bank", "wallet:1", 5)], now=AT)
    close_day(session, DAY, DAY + timedelta(days=1), now=AT)
    seal(session, now=AT)
    post(session, [transfer("b", "bank", "wallet:1", 5)], now=AT)
    close_day(session, DAY + timedelta(days=1), DAY + timedelta(days=2), now=AT)
    assert last_head(session, now=AT).business_day == "2026-11-21"
    seal(session, now=AT)
    assert last_head(session, now=AT).business_day == "2026-11-22"


def test_signed_bytes_begin_as_no_other_document_does() -> None:
    """The vault's key for heads signs what begins so and nothing else; both sides must write the same line."""
    assert TITLE == HEAD_TITLE
