"""What the clients wrote down against what the books say: nothing acknowledged is lost, nothing is there twice, nothing by halves."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, text

from citizencard.db import Sessions, reading
from ledger import prove
from tests.drills.ledger_client import Client, Line, Noted
from tests.drills.ledger_crowds import Findings
from tests.drills.ledger_server import Answer, Command

OWN: Final = "fund:"
"""References of the drill itself."""
_BOOKED: Final = text(
    "SELECT t.id, t.reference, d.code AS debit, c.code AS credit, t.amount_fen FROM ledger_transfer t"
    " JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id"
)
_HELD: Final = text("SELECT reference, state FROM ledger_hold")


@dataclass(frozen=True, slots=True)
class Books:
    """What is in the database: transfers by reference, and how often the reference is there; states of the holds."""

    rows: Mapping[str, Row[Any]]
    times: Counter[str]
    holds: Mapping[str, str]

    @classmethod
    def read(cls, sessions: Sessions) -> "Books":
        """Look at the database itself, past the ledger."""
        with reading(sessions) as session:
            rows = session.execute(_BOOKED).all()
            holds = {row.reference: row.state for row in session.execute(_HELD)}
        return cls({row.reference: row for row in rows}, Counter(row.reference for row in rows), holds)


def references_of(command: Command) -> list[str]:
    """What its transfers are called, in their order."""
    if command["do"] in {"post", "hot", "each"}:
        return [terms[0] for terms in command["transfers"]]
    if command["do"] == "settle":
        return [f"settle:{command['hold']}:{command['n']}"]
    return ["rev:" + command["reference"]] if command["do"] == "reverse" else []


class Checker:
    """Holds logs and books together.

    Args:
        sessions: the database.
        findings: counts, and what differs.
    """

    def __init__(self, sessions: Sessions, findings: Findings) -> None:
        self._sessions = sessions
        self._findings = findings

    def check(self, clients: Iterable[Client], when: str) -> dict[Client, dict[int, Noted]]:
        """Look at everything from the beginning; returns what nobody knows the end of, by client."""
        books = Books.read(self._sessions)
        unknown: dict[Client, dict[int, Noted]] = {}
        asked: set[str] = set()
        acknowledged = 0
        for client in clients:
            for number, noted in client.log.read().items():
                asked.update(references_of(noted.command))
                if noted.answer is None:
                    unknown.setdefault(client, {})[number] = noted
                    self._expect_whole(books, noted, f"{when}: {client.name} {number}")
                else:
                    acknowledged += self._expect_answer(books, noted.command, noted.answer, when)
        self._findings.counts["acknowledged posts"] = acknowledged
        for reference, times in books.times.items():
            self._findings.expect(f"{when}: times {reference} is in the books", times, 1)
            if reference not in asked and not reference.startswith(OWN):
                self._findings.differences.append(f"{when}: nobody asked for {reference}")
        return unknown

    def prove(self, when: str) -> None:
        """Prove the books."""
        with reading(self._sessions) as session:
            proof = prove(session)
        self._findings.differences += [f"{when}: {difference}" for difference in proof.differences]
        self._findings.counts["proofs"] += 1
        self._findings.counts["transfers in the books"] = proof.transfers

    def _expect_answer(self, books: Books, command: Command, answer: Answer, when: str) -> int:
        """What was answered is in the books as it was answered; how many posts that acknowledges."""
        known = 0
        expect = self._findings.expect
        references = references_of(command)
        for reference, booked in zip(references, answer.get("ids", [None] * len(references)), strict=True):
            row = books.rows.get(reference)
            expect(f"{when}: id of {reference}", row.id if row else None, booked)
            known += booked is not None
        if command["do"] in {"post", "hot", "each"}:
            for reference, *terms in command["transfers"]:
                row = books.rows.get(reference)
                if row:
                    expect(f"{when}: content of {reference}", [row.debit, row.credit, row.amount_fen], terms)
        elif command["do"] == "hold":
            expect(f"{when}: hold {command['hold']} is there", command["hold"] in books.holds, "held" in answer)
        elif command["do"] == "release" and "released" in answer:
            expect(f"{when}: hold {command['hold']}", books.holds[command["hold"]], answer["released"])
        return known

    def _expect_whole(self, books: Books, noted: Noted, where: str) -> None:
        if noted.command["do"] != "each":
            there = {reference in books.rows for reference in references_of(noted.command)}
            self._findings.expect(f"{where}: posted by halves", len(there) > 1, False)

    def resend(self, unknown: Mapping[Client, Mapping[int, Noted]], line: Line) -> None:
        """Ask again what nobody knows the end of: what is in the books is answered with the same transfers.

        Raises:
            Unanswered: the server does not answer.
        """
        books = Books.read(self._sessions)
        for client, commands in unknown.items():
            for number, noted in commands.items():
                answer = line.ask(noted.command)
                client.log.note(number, "answered", answer)
                references = references_of(noted.command)
                before = [books.rows[name].id if name in books.rows else None for name in references]
                there = any(before)
                self._findings.counts["unknown, were in the books" if there else "unknown, were not"] += 1
                for reference, was, booked in zip(
                    references, before, answer.get("ids", [None] * len(references)), strict=True
                ):
                    if was is not None:
                        self._findings.expect(f"{reference} asked again", booked, was)
                if there and noted.command["do"] != "each":
                    self._findings.expect(f"{references} is a repeat", answer.get("replayed"), True)
