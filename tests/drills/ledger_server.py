"""A server that does what it is told on the ledger, over a socket, and the day's work beside it: made to be killed.

Each line of a connection is a command in JSON, and is answered by one line: after its transaction is committed, or refused, or broken.
"""

import json
import os
import random
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Date, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from citizencard.db import Sessions, make_engine, make_sessions, reading, transaction
from ledger import (
    NewHold,
    Settlement,
    Transfer,
    close_day,
    draw_cut,
    expire_holds,
    fold,
    hold,
    open_day,
    post,
    post_each,
    release_hold,
    reverse,
    seal,
    settle_hold,
    total_day,
)
from ledger.errors import LedgerError
from ledger.hot import post_hot
from tests.ledger.make import AT, transfer

Command = dict[str, Any]
Answer = dict[str, Any]

SOCKET: Final = "ledger.sock"
DOING: Final = "doing."
DONE: Final = "done"
IDLE: Final = "idle"
WIDTH: Final = 16
PAUSE_S: Final = 0.04
HELD_S: Final = 0.5
"""Some holds are so short that they expire before anything else ends them."""


class Doing:
    """What the threads are at, in files that outlive the process.

    Args:
        folder: where the files are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = threading.local()
        self._done = os.open(folder / DONE, os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    @contextmanager
    def at(self, name: str) -> Iterator[None]:
        """This thread is at it until the block ends."""
        if not hasattr(self._own, "file"):
            place = self._folder / f"{DOING}{os.getpid()}.{threading.get_ident()}"
            self._own.file = os.open(place, os.O_CREAT | os.O_WRONLY)
        os.pwrite(self._own.file, name.ljust(WIDTH).encode(), 0)
        try:
            yield
            os.write(self._done, f"{name}\n".encode())
        finally:
            os.pwrite(self._own.file, IDLE.ljust(WIDTH).encode(), 0)


class Ledger:
    """The commands.

    Args:
        sessions: the database.
    """

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self._acts: dict[str, Callable[[Session, Command, datetime], Answer]] = {
            "post": _post,
            "each": _each,
            "hold": _hold,
            "settle": _settle,
            "release": _release,
            "reverse": _reverse,
        }

    def answer(self, command: Command) -> Answer:
        """Do it in a transaction of its own; the answer is given once that is committed."""
        now = datetime.now(UTC)
        try:
            if command["do"] == "hot":
                with self.sessions.kw["bind"].connect() as connection:
                    posted = post_hot(connection, _transfers(command)[0], now=now)
                return {"ids": [posted.id], "replayed": posted.replayed}
            with transaction(self.sessions) as session:
                found = self._acts[command["do"]](session, command, now)
        except LedgerError as error:
            return {"refused": error.code}
        except SQLAlchemyError as error:
            # Perhaps committed, perhaps not: whoever asked must ask again.
            return {"broken": type(error).__name__}
        return found


def _transfers(command: Command) -> list[Transfer]:
    return [transfer(*terms) for terms in command["transfers"]]


def _post(session: Session, command: Command, now: datetime) -> Answer:
    posted = post(session, _transfers(command), now=now)
    return {"ids": [one.id for one in posted], "replayed": all(one.replayed for one in posted)}


def _each(session: Session, command: Command, now: datetime) -> Answer:
    verdicts = post_each(session, _transfers(command), now=now)
    return {"ids": [one.posted.id if one.posted else None for one in verdicts]}


def _hold(session: Session, command: Command, now: datetime) -> Answer:
    until = now + timedelta(seconds=HELD_S if command["short"] else 3600)
    hold(
        session,
        NewHold(command["hold"], command["debit"], command["credit"], command["amount"], "test", AT, until),
        now=now,
    )
    return {"held": True}


def _settle(session: Session, command: Command, now: datetime) -> Answer:
    part = Settlement(command["hold"], command["n"], command["amount"], AT, final=command["final"])
    done = settle_hold(session, part, now=now)
    return {"ids": [done.posted.id], "replayed": done.posted.replayed}


def _release(session: Session, command: Command, now: datetime) -> Answer:
    return {"released": release_hold(session, command["hold"], now=now).state}


def _reverse(session: Session, command: Command, now: datetime) -> Answer:
    done = reverse(session, command["reference"], occurred_at=AT, now=now)
    return {"ids": [done.id], "replayed": done.replayed}


class Housekeeper(threading.Thread):
    """Closes days, draws cuts, folds, seals and expires, one after the other without an end.

    Args:
        sessions: the database.
        doing: told what is being done.
    """

    def __init__(self, sessions: Sessions, doing: Doing) -> None:
        super().__init__(daemon=True)
        self._sessions = sessions
        self._doing = doing

    def run(self) -> None:
        """What the one who was killed has left half done comes first."""
        works = {"total": self._total, "fold": self._fold, "seal": self._seal}
        works |= {"close": self._close, "cut": self._cut, "expire": self._expire}
        names = list(works)
        while True:
            for name in names:
                try:
                    with self._doing.at(name):
                        works[name]()
                except (SQLAlchemyError, LedgerError):
                    pass  # it is tried again in the next round
                time.sleep(PAUSE_S)
            random.shuffle(names)

    def _total(self) -> None:
        with reading(self._sessions) as session:
            days = session.execute(
                text("SELECT day FROM ledger_day WHERE state = 'closed' AND transfers IS NULL ORDER BY day").columns(
                    day=Date
                )
            )
            waiting = days.scalars().all()
        for day in waiting:
            with transaction(self._sessions) as session:
                total_day(session, day)

    def _close(self) -> None:
        with reading(self._sessions) as session:
            day = open_day(session)
        with transaction(self._sessions) as session:
            close_day(session, day, day + timedelta(days=1), now=datetime.now(UTC))

    def _cut(self) -> None:
        with transaction(self._sessions) as session:
            draw_cut(session, datetime.now(UTC))

    def _fold(self) -> None:
        with transaction(self._sessions) as session:
            fold(session, now=datetime.now(UTC), limit=200)

    def _seal(self) -> None:
        with transaction(self._sessions) as session:
            seal(session, now=datetime.now(UTC), limit=200)

    def _expire(self) -> None:
        with transaction(self._sessions) as session:
            expire_holds(session, datetime.now(UTC), limit=20)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64
    ledger: Ledger
    doing: Doing


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        for line in self.rfile:
            command = json.loads(line)
            with self.server.doing.at(command["do"]):
                answer = self.server.ledger.answer(command)
                self.wfile.write(json.dumps(answer).encode() + b"\n")


def serve(url: str, folder: Path) -> None:
    """Answer until killed."""
    sessions = make_sessions(make_engine(url))
    doing = Doing(folder)
    place = folder / SOCKET
    place.unlink(missing_ok=True)
    with _Server(str(place), _Connection) as server:
        server.ledger, server.doing = Ledger(sessions), doing
        Housekeeper(sessions, doing).start()
        server.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]))
