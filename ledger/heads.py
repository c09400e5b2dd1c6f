"""The head of the chain of seals as a file that leaves the house: whoever has it can tell a rebuilt chain from the true one.

The file is one JSON object in ASCII and a line feed. `signature` is over the same object without it, keys sorted, no spaces. How it is
signed is the caller's affair.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.checks import Difference
from ledger.errors import HeadForged, NothingSealed
from ledger.instants import canonical
from ledger.models import Seal
from ledger.seals import Progress, chain_differences

FORMAT: Final = "citizencard-ledger-head-1"
LONGEST_HEAD_BYTES: Final = 4_096

Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes], bool]
"""Whether the second is a signature over the first."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last seal of a chain, as it was when the file was made.

    Args:
        seal: its number.
        last_id: every transfer up to this id is sealed.
        transfers: how many these are.
        hash: of the last seal, and by the chain of all of them.
        sealed_at: when the seal was made, canonical text.
        made_at: when the file was made, canonical text.
    """

    seal: int
    last_id: int
    transfers: int
    hash: str
    sealed_at: str
    made_at: str


def signed_head(session: Session, sign: Sign, *, now: datetime) -> bytes:
    """The bytes of the file.

    Args:
        session: any transaction.
        sign: signs bytes with a key that the database does not hold.
        now: when the file is made.

    Raises:
        NothingSealed: there is no chain yet.
    """
    last = session.execute(
        select(Seal.id, Seal.last_id, Seal.hash, Seal.sealed_at).order_by(Seal.id.desc()).limit(1)
    ).one_or_none()
    if last is None:
        raise NothingSealed("no transfer was sealed yet")
    transfers = int(session.execute(select(func.sum(Seal.transfers)).where(Seal.id <= last.id)).scalar_one())
    head = Head(last.id, last.last_id, transfers, last.hash, canonical(last.sealed_at), canonical(now))
    content = {"format": FORMAT, **asdict(head)}
    return _written({**content, "signature": sign(_written(content)).hex()}) + b"\n"


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
        kind = fields.pop("format")
        head = Head(**fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise HeadForged("not a head") from error
    if kind != FORMAT or not verify(_written({"format": kind, **fields}), signature):
        raise HeadForged("not signed with this key")
    return head


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
        head = read_head(content, verify or _nobody)
        found = session.execute(select(Seal.last_id, Seal.hash).where(Seal.id == head.seal)).one_or_none()
        if found is None or tuple(found) != (head.last_id, head.hash):
            shown = "no such seal" if found is None else f"{found.hash} up to {found.last_id}"
            yield Difference("seal_head", f"seal {head.seal}", f"{head.hash} up to {head.last_id}", shown)


def _nobody(_content: bytes, _signature: bytes) -> bool:
    return False


def _written(content: dict[str, object]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
