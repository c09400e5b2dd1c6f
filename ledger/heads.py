"""The head of the chain of seals as a file that leaves the house: whoever has it can tell a rebuilt chain from the true one.

The file is one JSON object in ASCII, keys sorted, no spaces, and a line feed. What is signed is the line `citizencard-ledger head 1`, a
line feed, and the same object without `signature`, without the line feed at its end. How it is signed is the caller's affair.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.checks import Difference
from ledger.errors import HeadForged, NothingSealed
from ledger.instants import canonical
from ledger.models import LedgerDay, Seal
from ledger.seals import Progress, chain_differences

FORMAT: Final = "citizencard-ledger-head-1"
TITLE: Final = b"citizencard-ledger head 1\n"
"""First line of the signed bytes: no other document of the house begins so."""
LONGEST_HEAD_BYTES: Final = 4_096

Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes], bool]
"""Whether the second is a signature over the first."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last seal of a chain, as it was when the file was made.

    Args:
        seal: its number.
        first_id: the first id under a seal; every transfer from it to `last_id` is sealed.
        last_id: the last one.
        transfers: how many these are.
        hash: of the last seal, and by the chain of all of them.
        sealed_at: when the seal was made, canonical text.
        business_day: the last business day that is closed and sealed whole, YYYY-MM-DD; None before the first.
        made_at: when the file was made, canonical text.
        beside: what the house states in the same file, such as the city and the head of another chain.
    """

    seal: int
    first_id: int
    last_id: int
    transfers: int
    hash: str
    sealed_at: str
    business_day: str | None
    made_at: str
    beside: Mapping[str, Any] = field(default_factory=dict)


def last_head(session: Session, *, now: datetime, beside: Mapping[str, Any] | None = None) -> Head:
    """The head of the chain as it is now, to be signed.

    Args:
        session: any transaction.
        now: when the file is made.
        beside: JSON values to be signed with it, under names that are none of its own.

    Raises:
        NothingSealed: there is no chain yet.
    """
    last = session.execute(
        select(Seal.id, Seal.last_id, Seal.hash, Seal.sealed_at).order_by(Seal.id.desc()).limit(1)
    ).one_or_none()
    if last is None:
        raise NothingSealed("no transfer was sealed yet")
    transfers, first_id = session.execute(
        select(func.sum(Seal.transfers), func.min(Seal.first_id)).where(Seal.id <= last.id)
    ).one()
    day = session.execute(select(func.max(LedgerDay.day)).where(LedgerDay.cut_id <= last.last_id)).scalar_one()
    return Head(
        seal=last.id,
        first_id=first_id,
        last_id=last.last_id,
        transfers=int(transfers),
        hash=last.hash,
        sealed_at=canonical(last.sealed_at),
        business_day=None if day is None else day.isoformat(),
        made_at=canonical(now),
        beside=dict(beside or {}),
    )


def signed_head(head: Head, sign: Sign) -> bytes:
    """The bytes of the file. `sign` signs with a key that the database does not hold; call it while no transaction is open."""
    stated = asdict(head)
    content = {**stated.pop("beside"), **stated, "format": FORMAT}
    return _written({**content, "signature": sign(TITLE + _written(content)).hex()}) + b"\n"


def read_head(content: bytes, verify: Verify) -> Head:
    """Read a file back.

    Raises:
        HeadForged: the signature is not good, or the bytes are no head.
    """
    if len(content) > LONGEST_HEAD_BYTES:
        raise HeadForged("longer than a head can be")
    try:
        fields = json.loads(content)
        signature = bytes.fromhex(fields.pop("signature"))
        signed = TITLE + _written(fields)
        kind = fields.pop("format")
        own = {name: fields.pop(name) for name in _OWN}
        head = Head(**own, beside=fields)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise HeadForged("not a head") from error
    if kind != FORMAT or not verify(signed, signature):
        raise HeadForged("not signed with this key")
    return head


def head_differences(session: Session, head: Head) -> Iterator[Difference]:
    """Whether the chain still holds exactly this head."""
    found = session.execute(select(Seal.last_id, Seal.hash).where(Seal.id == head.seal)).one_or_none()
    if found is None or tuple(found) != (head.last_id, head.hash):
        shown = "no such seal" if found is None else f"{found.hash} up to {found.last_id}"
        yield Difference("seal_head", f"seal {head.seal}", f"{head.hash} up to {head.last_id}", shown)


def verify_seals(
    session: Session, verify: Verify | None = None, progress: Progress | None = None, *, heads: Iterable[bytes] = ()
) -> Iterator[Difference]:
    """Recompute the chain, naming the first and every other row that was altered, removed or slipped in, and hold it against heads.

    Args:
        session: any transaction.
        verify: checks a head's signature; needed when there are heads.
        progress: told how far it is.
        heads: files that left the house.

    Raises:
        HeadForged: a head was not signed with this key.
    """
    yield from chain_differences(session, progress)
    for content in heads:
        yield from head_differences(session, read_head(content, verify or _nobody))


_OWN: Final = ("seal", "first_id", "last_id", "transfers", "hash", "sealed_at", "business_day", "made_at")


def _nobody(_content: bytes, _signature: bytes) -> bool:
    return False


def _written(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
