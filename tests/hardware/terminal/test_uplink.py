"""The uplink against a real server on loopback that checks every signature with the library, as the product's server does."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier, InvalidSignature, MappingKeyResolver
from http_message_signatures.algorithms import ED25519

from hardware.errors import UplinkRefused, UplinkUnavailable
from hardware.terminal import uplink as uplink_module
from hardware.terminal.device_key import DeviceKey
from hardware.terminal.errors import ReceiptInvalid
from hardware.terminal.uplink import Patience, Uplink
from tests.hardware.terminal.records import KEY, PSAM_SERIAL, RECORD, TERMINAL, receipt_document
from tests.hardware.terminal.server import Answer, Request, Server, listening

NUMBER = TERMINAL.hex()


@pytest.fixture
def server() -> Iterator[Server]:
    with listening() as server:
        yield server


@pytest.fixture
def key(tmp_path: Path) -> DeviceKey:
    return DeviceKey.create(tmp_path / "key.pem")


@pytest.fixture
def uplink(server: Server, key: DeviceKey) -> Iterator[Uplink]:
    with Uplink(server.address, TERMINAL, key, lambda: datetime.now(UTC), Patience(wait=server.waits.append)) as uplink:
        yield uplink


def verified(request: Request, key: DeviceKey) -> dict[str, Any]:
    """Check the signature as the server does; returns its parameters."""
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public_hex))
    verifier = HTTPMessageVerifier(
        signature_algorithm=ED25519, key_resolver=MappingKeyResolver(public_keys={NUMBER: public}, private_keys={})
    )
    covered = ("@method", "@path", "content-digest")
    (result,) = verifier.verify(
        request, max_age=timedelta(minutes=5), require_components=covered, body=request.body or None
    )
    return dict(result.parameters)


def test_every_request_is_signed_over_method_path_and_body(server: Server, uplink: Uplink, key: DeviceKey) -> None:
    """Nobody on the way can change what a terminal says, or say it for another terminal."""
    server.answers = [
        Answer(201, {}),
        Answer(200, {"table": "Q0NUMQ=="}),
        Answer(200, receipt_document(TERMINAL, 7, (RECORD, "accepted"))),
    ]
    uplink.enrol("code-1")
    assert uplink.device_table() == b"CCT1"
    assert uplink.upload_batch(b"CCB1").batch == 7
    enrolment, table, batch = server.requests
    for request in server.requests:
        parameters = verified(request, key)
        assert (parameters["keyid"], parameters["alg"]) == (NUMBER, "ed25519")
        assert len(parameters["nonce"]) == 24
        assert "sha-256=:" in request.headers["Content-Digest"]
    assert json.loads(enrolment.body) == {"terminal": NUMBER, "code": "code-1", "public_key": key.public_hex}
    assert (table.method, table.url, table.body) == ("GET", f"{server.address}/terminals/parameters", b"")
    assert batch.headers["Content-Type"] == "application/octet-stream"
    assert len({verified(request, key)["nonce"] for request in server.requests}) == 3


@pytest.mark.parametrize(
    "changed",
    [
        lambda r: Request("PUT", r.url, r.headers, r.body),
        lambda r: Request(r.method, r.url + "s", r.headers, r.body),
        lambda r: Request(r.method, r.url, r.headers, r.body + b" "),
        lambda r: Request(r.method, r.url, {**r.headers, "Content-Digest": "sha-256=:" + "A" * 43 + "=:"}, r.body),
    ],
)
def test_a_changed_request_is_not_signed(
    server: Server, uplink: Uplink, key: DeviceKey, changed: Callable[[Request], Request]
) -> None:
    """The check above can fail: each part is really covered."""
    server.answers = [Answer(200, receipt_document(TERMINAL, 7))]
    uplink.upload_json({"batch": 7})
    with pytest.raises(InvalidSignature):
        verified(changed(server.requests[0]), key)


def test_a_request_is_repeated_with_the_same_body_and_a_new_nonce(
    server: Server, uplink: Uplink, key: DeviceKey
) -> None:
    """A dropped line, a busy server and a server in repair cost time, not records."""
    receipt = receipt_document(TERMINAL, 7, (RECORD, "accepted"))
    server.answers = [Answer(None), Answer(503), Answer(429, {}, {"Retry-After": "5"}), Answer(200, receipt)]
    uplink.upload_batch(b"batch")
    assert {request.body for request in server.requests} == {b"batch"}
    assert len({verified(request, key)["nonce"] for request in server.requests}) == 4
    assert server.waits == [0.5, 1.0, 5]


def test_a_terminal_gives_up_for_now_after_some_attempts(server: Server, uplink: Uplink) -> None:
    """The bus goes on without a line; a server that asks for an hour is not waited for."""
    server.answers = [Answer(503, {}, {"Retry-After": "3600"})] * 4
    with pytest.raises(UplinkUnavailable, match=r"4 attempts \(503\)"):
        uplink.hotlist()
    assert server.waits == [8.0, 8.0, 8.0]


def test_nobody_listening_is_not_a_refusal(key: DeviceKey, server: Server) -> None:
    """No line is told apart from a server that says no."""
    address = server.address
    server.stop()
    with (
        Uplink(
            address, TERMINAL, key, lambda: datetime.now(UTC), Patience(attempts=2, wait=server.waits.append)
        ) as line,
        pytest.raises(UplinkUnavailable, match="ConnectionError"),
    ):
        line.hotlist()


def test_a_wrong_clock_is_set_by_the_server_once(server: Server, key: DeviceKey) -> None:
    """A device whose clock is a day behind works on the second attempt and keeps the difference; a second no is a no."""
    behind = timedelta(days=1)
    refusal = Answer(401, {"code": "clock_skew", "server_time": datetime.now(UTC).isoformat()})
    server.answers = [refusal, Answer(200, {"version": 1}), Answer(200, {}), refusal, refusal]
    with Uplink(server.address, TERMINAL, key, lambda: datetime.now(UTC) - behind, Patience(attempts=1)) as uplink:
        uplink.hotlist()
        uplink.hotlist()
        assert abs(uplink.clock_offset - behind) < timedelta(seconds=5)
        verified(server.requests[1], key)
        verified(server.requests[2], key)
        with pytest.raises(UplinkRefused) as raised:
            uplink.hotlist()
    assert (raised.value.status, raised.value.problem) == (401, "clock_skew")
    assert server.waits == []


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(422, {"code": "enrolment_code_used", "detail": "used on Friday"}), "enrolment_code_used"),
        (Answer(404, b"<html>not ours</html>"), "http_error"),
        (Answer(302, {}, {"Location": "http://127.0.0.1:1/"}), "http_error"),
        (Answer(500, ["?"]), "http_error"),
    ],
)
def test_a_refusal_names_its_reason(server: Server, uplink: Uplink, answer: Answer, problem: str) -> None:
    """The driver reads what the server said; a redirect is not followed; nothing is tried again."""
    server.answers = [answer]
    with pytest.raises(UplinkRefused) as raised:
        uplink.enrol("code-1")
    assert (raised.value.status, raised.value.problem) == (answer.status, problem)
    assert len(server.requests) == 1
    assert "code-1" not in str(raised.value)


def test_sign_in_tells_what_is_new(server: Server, uplink: Uplink) -> None:
    """A shift starts with the batch number, the versions in force and the time."""
    document = {"batch": 4, "parameter_version": 3, "hotlist_version": 12, "server_time": "2026-11-21T08:00:00+08:00"}
    server.answers = [Answer(200, document), Answer(200, {**document, "batch": "4"})]
    sign_in = uplink.sign_in(PSAM_SERIAL, "1.0")
    assert (sign_in.batch, sign_in.parameter_version, sign_in.hotlist_version) == (4, 3, 12)
    assert sign_in.server_time == datetime(2026, 11, 21, tzinfo=UTC)
    assert json.loads(server.requests[0].body) == {"psam_serial": PSAM_SERIAL.hex(), "software": "1.0"}
    with pytest.raises(UplinkUnavailable, match="cannot be read"):
        uplink.sign_in(PSAM_SERIAL, "1.0")


def test_an_answer_that_is_no_receipt_deletes_nothing(server: Server, uplink: Uplink) -> None:
    """A proxy that says 200 to everything is not a server of ours."""
    server.answers = [Answer(200, b"welcome to our wireless network"), Answer(200, b"x" * (16 * 2**20 + 1))]
    with pytest.raises(ReceiptInvalid):
        uplink.upload_batch(b"batch")
    with pytest.raises(UplinkUnavailable, match="longer"):
        uplink.upload_batch(b"batch")


def test_the_example_in_the_protocol_description_is_right() -> None:
    """A vendor who follows PROTOCOL.md gets a signature that the server accepts (own regression figures)."""
    text = (Path(uplink_module.__file__).parent / "PROTOCOL.md").read_text()
    start = text.index("POST /terminals/sign-ins HTTP/1.1")
    head, body = text[start : text.index("```", start)].rstrip("\n").split("\n\n")
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    request = Request("POST", "https://city.example/terminals/sign-ins", headers, body.encode())
    verifier = HTTPMessageVerifier(
        signature_algorithm=ED25519,
        key_resolver=MappingKeyResolver(public_keys={NUMBER: KEY.public_key()}, private_keys={}),
    )
    with time_machine.travel(datetime.fromtimestamp(1_795_221_000, UTC)):
        (result,) = verifier.verify(request, body=request.body)
    base_start = text.index('"@method": POST')
    base = text[base_start : text.index("\n```", base_start)]
    signature = base64.b64decode(headers["Signature"].removeprefix("terminal=:").removesuffix(":"))
    KEY.public_key().verify(signature, base.encode())
    assert result.parameters["nonce"] == "AAECAwQFBgcICQoLDA0ODw=="
