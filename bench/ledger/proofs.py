"""A proof in a process of its own, whose memory is its own, and a mere reading of the same rows."""

import multiprocessing
import resource
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

import psycopg

from bench.figure import tell
from citizencard.db import make_engine, make_sessions, reading
from ledger import prove

KIB_A_MB = 1_000_000 / 1_024
ROWS_AT_ONCE = 5_000
_READ = (
    "SELECT t.id, t.reference, t.amount_fen, t.currency, t.kind, t.occurred_at, t.journal, t.fingerprint, t.metadata, t.debit_id,"
    " t.credit_id FROM ledger_transfer t ORDER BY t.id"
)


@dataclass(frozen=True, slots=True)
class Proved:
    """How a proof went: transfers looked at, seconds, and the most memory that the process and its children held at once."""

    transfers: int
    took_s: float
    peak_mb: float

    @property
    def rate(self) -> float:
        """Transfers a second."""
        return self.transfers / self.took_s


def prove_apart(address: str, processes: int) -> Proved:
    """Prove the books of an address by so many processes, in one of its own and its children.

    Raises:
        RuntimeError: the books could not be proved, or the process ended.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_prove, args=(theirs, address, processes))
    process.start()
    theirs.close()
    try:
        answer = ours.recv()
    except EOFError:
        answer = None
    process.join()
    if isinstance(answer, Proved):
        return answer
    raise RuntimeError(f"the books of the bench could not be proved: {answer}")


def read_rate(address: str) -> float:
    """Rows a second of one server-side cursor over the same rows and columns, with nothing done to them."""
    began, count = time.perf_counter(), 0
    with psycopg.connect(address) as connection, connection.cursor("bench_read") as cursor:
        cursor.itersize = ROWS_AT_ONCE
        for _ in cursor.execute(_READ):
            count += 1
    return count / (time.perf_counter() - began)


def _prove(pipe: Connection, address: str, processes: int) -> None:
    def tell_progress(check: str, transfers: int) -> None:
        tell(f"proving: {check} {transfers:,}")

    engine = make_engine(address)
    began = time.perf_counter()
    with reading(make_sessions(engine)) as session:
        proof = prove(session, tell_progress, processes=processes)
    took_s = time.perf_counter() - began
    own, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    if proof.proved:
        # Of the children the system tells the largest only.
        peak_kib = own + children * processes
        pipe.send(Proved(proof.transfers, took_s, peak_kib / KIB_A_MB))
    else:
        pipe.send(str(proof.differences[:3]))
