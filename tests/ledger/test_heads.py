"""The head of the chain leaves the house, so that a chain that was rebuilt as a whole is found as well."""

import hmac

import pytest
from sqlalchemy.orm import Session

from ledger import draw_cut, post, read_head, seal, signed_head, verify_seals
from ledger.errors import HeadForged, NothingSealed
from tests.ledger.make import AT, books, transfer


def sign(content: bytes) -> bytes:
    return hmac.digest(b"key outside the database", content, "sha256")


def verify(content: bytes, signature: bytes) -> bool:
    return hmac.compare_digest(sign(content), signature)


def test_head_leaves_the_house_and_comes_back(session: Session) -> None:
    """The file is read back with its signature, holds against the chain, and not against one that was rebuilt."""
    books(session)
    with pytest.raises(NothingSealed):
        signed_head(session, sign, now=AT)
    post(session, [transfer("a", "bank", "wallet:1", 5), transfer("b", "bank", "wallet:1", 5)], now=AT)
    draw_cut(session, AT)
    for _ in range(2):
        seal(session, now=AT, limit=1)
    content = signed_head(session, sign, now=AT)
    assert signed_head(session, sign, now=AT) == content
    head = read_head(content, verify)
    assert (head.seal, head.transfers, head.sealed_at) == (2, 2, "2026-11-21T00:30:00.000000+00:00")
    assert list(verify_seals(session, verify, heads=[content])) == []
    rebuilt = content.replace(head.hash.encode(), b"0" * 64)
    fields = rebuilt.split(b',"signature"')[0].split(b"{")[1]
    assert fields
    for forged in (rebuilt, b"{}", b"[]", b"\xff", content[:-9], b"0" * 5_000):
        with pytest.raises(HeadForged):
            list(verify_seals(session, verify, heads=[forged]))
    with pytest.raises(HeadForged):
        list(verify_seals(session, heads=[content]))
    other = signed_head(session, sign, now=AT).replace(b'"seal":2', b'"seal":7')
    (difference,) = verify_seals(session, lambda *_: True, heads=[other])
    assert (difference.what, difference.where, difference.found) == ("seal_head", "seal 7", "no such seal")
