"""Between the HTTP server and the application: whole bodies only, so that a slow sender holds no thread.

An application of WSGI reads its request's body on the thread that serves it, and waits for it as long as the sender likes: a few dozen
connections that send a byte and then nothing would stop a server for everybody, and granian has no deadline for bodies. So the server
speaks RSGI (granian's own interface, asynchronous) with this bridge: a body is awaited on the event loop, under a limit of length and of
time, and only then does a thread of the pool begin with the request. Connections that send slowly cost some memory each and nothing else.

What is refused here, before the application sees it: a body that stays away (408), one that ends early (400), one more than fits into
memory just now (503). A body that is longer than its route allows is not read at all; the application says 413, or whatever comes before.
"""

import asyncio
import io
import json
import secrets
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import unquote_to_bytes

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined] # what it re-exports, and documents

from api.routes import ACCESS, SMALL_BODY_BYTES

BODY_S: Final = 10.0
"""Within so many seconds a small body must be there;"""
BODY_BYTES_A_SECOND: Final = 50_000
"""a long one has one more second for each so many bytes, which is what a slow mobile line carries."""
MAX_BUFFERED_BYTES: Final = 64 * 2**20
"""Of bodies that are awaited at the same time in a process, by their announced lengths."""
THREADS: Final = 8
"""Requests that a process works on at the same time."""

Environ = dict[str, Any]
WsgiApplication = Callable[[Environ, Any], Iterable[bytes]]
"""PEP 3333: the second argument takes the status and the headers."""
Answer = tuple[int, list[tuple[str, str]], bytes]


class Scope(Protocol):
    """What RSGI tells of a request (granian's documentation of RSGI 1.5)."""

    proto: str
    http_version: str
    client: str
    server: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None
    headers: Any


class Channel(Protocol):
    """The body of a request, whole or in parts, and the way back."""

    async def __call__(self) -> bytes:
        """The whole body."""

    def __aiter__(self) -> Any:  # noqa: ANN401 # granian has no types
        """Its parts."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer."""


class _Refused(Exception):
    """An answer, before the application has seen the request."""

    def __init__(self, status: HTTPStatus, code: str, detail: str) -> None:
        super().__init__(code)
        self.answer = (status, code, detail)


class Bridge:
    """An application of WSGI behind RSGI.

    Args:
        application: of WSGI.
        body_s: within so many seconds a small body must be there.
    """

    def __init__(self, application: WsgiApplication, *, body_s: float = BODY_S) -> None:
        self._application = application
        self._limits = body_limits()
        self._body_s = body_s
        self._buffered = 0
        self._pool: ThreadPoolExecutor | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin, in a worker process."""
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="request")

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """End: requests that have begun are finished."""
        if self._pool is not None:
            self._pool.shutdown()

    async def __rsgi__(self, scope: Scope, channel: Channel) -> None:
        """Serve one request."""
        try:
            body, unread = await self._body(scope, channel)
        except _Refused as refused:
            channel.response_bytes(*_problem(scope.path, *refused.answer))
            return
        environ = _environ(scope, body, unread)
        loop = asyncio.get_running_loop()
        status, headers, content = await loop.run_in_executor(self._pool, _call, self._application, environ)
        channel.response_bytes(status, headers, content)

    def _limit(self, path: str) -> int:
        return self._limits.get(path, self._limits[""])

    async def _body(self, scope: Scope, channel: Channel) -> tuple[bytes, int]:
        """The body, and how many bytes were announced and left unread."""
        announced = scope.headers.get("content-length")
        if announced is None and scope.headers.get("transfer-encoding") is None:
            return b"", 0
        limit = self._limit(scope.path)
        length = int(announced) if announced is not None and announced.isascii() and announced.isdigit() else None
        if length == 0:
            return b"", 0
        if length is not None and length > limit:
            return b"", length
        reserved = limit if length is None else length
        if self._buffered + reserved > MAX_BUFFERED_BYTES:
            raise _Refused(
                HTTPStatus.SERVICE_UNAVAILABLE, "too_many_bodies", "too many bodies are on their way; try again"
            )
        self._buffered += reserved
        try:
            async with asyncio.timeout(self._body_s + reserved / BODY_BYTES_A_SECOND):
                body = await _parts(channel, limit) if length is None else await channel()
        except TimeoutError:
            raise _Refused(HTTPStatus.REQUEST_TIMEOUT, "body_too_slow", "the body did not come in time") from None
        except ProtocolClosed:
            raise _truncated() from None
        finally:
            self._buffered -= reserved
        if length is None:
            return (b"", len(body)) if len(body) > limit else (body, 0)
        if len(body) != length:
            raise _truncated()
        return body, 0


def body_limits() -> dict[str, int]:
    """How long bodies may be, by path, as the table of routes says; under the empty path, for all paths with something variable in them."""
    found: dict[str, int] = {"": SMALL_BODY_BYTES}
    for (_, rule), access in ACCESS.items():
        path = "" if "<" in rule else rule
        found[path] = max(found.get(path, 0), access.max_body_bytes or SMALL_BODY_BYTES)
    return found


def _truncated() -> _Refused:
    return _Refused(HTTPStatus.BAD_REQUEST, "body_truncated", "the body is shorter than was announced")


async def _parts(channel: Channel, limit: int) -> bytes:
    """A body of unknown length, up to a byte or more beyond the limit."""
    found = bytearray()
    async for part in channel:
        found += part
        if len(found) > limit:
            break
    return bytes(found)


def _call(application: WsgiApplication, environ: Environ) -> Answer:
    """Let the application answer, on a thread of the pool."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
        begun[:] = [(status, headers)]

    parts = application(environ, start)
    try:
        content = b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    status, headers = begun[0]
    return int(status[:3]), [(name.lower(), value) for name, value in headers], content


def _environ(scope: Scope, body: bytes, unread: int) -> Environ:
    """A request as PEP 3333 tells it."""
    client, _, port = scope.client.rpartition(":")
    host, _, server_port = scope.server.rpartition(":")
    environ: Environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1") if "%" in scope.path else scope.path,
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": server_port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": client,
        "REMOTE_PORT": port,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.authority:
        environ["HTTP_HOST"] = scope.authority
    for name, value in scope.headers.items():
        if "_" in name:
            # It would be taken for another header of the same letters (CGI has one spelling for both).
            continue
        key = name.upper().replace("-", "_")
        if key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            environ[key] = value
        elif key != "TRANSFER_ENCODING":
            known = None if key == "HOST" else environ.get(f"HTTP_{key}")
            environ[f"HTTP_{key}"] = value if known is None else f"{known}{'; ' if key == 'COOKIE' else ','}{value}"
    environ["CONTENT_LENGTH"] = str(unread or len(body))
    return environ


def _problem(path: str, status: HTTPStatus, code: str, detail: str) -> Answer:
    """A refusal as a problem document (RFC 9457); the connection is closed, since the rest of the body would follow on it."""
    document = {
        "type": f"/problems/{code}",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "instance": path,
        "code": code,
        "request_id": f"req_{secrets.token_hex(9)}",
    }
    headers = [("content-type", "application/problem+json"), ("cache-control", "no-store"), ("connection", "close")]
    if status is not HTTPStatus.BAD_REQUEST:
        headers.append(("retry-after", "2"))
    return int(status), headers, json.dumps(document).encode()
