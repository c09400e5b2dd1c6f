"""A till or gate on loopback whose server plays back what the test tells it, and the requests as the server saw them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hardware.terminal.device_key import DeviceKey
from hardware.terminal.traces import Traces
from hardware.terminal.uplink import Patience, Uplink
from tests.hardware.terminal.records import TERMINAL
from tests.hardware.terminal.server import Server, listening

AT = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """A terminal's line, its names, and the server at the other end."""

    server: Server
    uplink: Uplink
    traces: Traces

    def sent(self) -> list[tuple[str, dict[str, Any]]]:
        """Path and body of every request so far."""
        found = []
        for request in self.server.requests:
            path = "/" + request.url.partition("//")[2].partition("/")[2]
            found.append((path, json.loads(request.body)))
        return found


@contextmanager
def line(folder: Path) -> Iterator[Line]:
    """A line in batch 5."""
    key = DeviceKey.create(folder / "key.pem")
    with (
        listening() as server,
        Uplink(server.address, TERMINAL, key, lambda: datetime.now(UTC), Patience(attempts=1)) as uplink,
    ):
        traces = Traces(folder / "traces.json", TERMINAL)
        traces.begin(5)
        yield Line(server, uplink, traces)
