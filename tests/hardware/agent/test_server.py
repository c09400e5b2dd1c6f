"""The agent's door, knocked at by real HTTP requests: one page is heard, every other one in the same browser is not."""

import concurrent.futures
import json
import logging
import socket
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hardware.agent.errors import PortInUse
from hardware.agent.server import MAX_BODY_BYTES, MAX_CONNECTIONS, AgentServer
from hardware.card.apdu import CommandApdu
from hardware.card.atr import chip_serial_of
from hardware.card.purse import GetBalance, get_challenge, select_file, verify_pin
from tests.hardware.agent.workstation import BALANCE_FEN, ORIGIN, READ_BALANCE, SESSION, Workstation, at_work
from tests.hardware.emulator.make_cards import CHIP_SERIAL, PIN

UNKNOWN_FILE = select_file(0x7777)
TORN_SESSION = "session_of_tests_02"


def untouched(desk: Workstation) -> bool:
    """No step was taken: step 1 of the session still works."""
    return desk.post("/steps", desk.step()).status == 200


def test_balance_is_read_through_a_page(desk: Workstation) -> None:
    """The server's step comes back with ATR and answers, signed, and says that the card is an emulated one."""
    step = desk.step()
    reply = desk.post("/steps", step)
    assert reply.status == 200
    answer = reply.body
    assert (answer["session"], answer["step"], answer["torn"]) == (SESSION, 1, False)
    assert (answer["reader"], answer["realm"]) == ("emulated reader", "test")
    assert chip_serial_of(bytes.fromhex(answer["atr"])) == CHIP_SERIAL
    balance = bytes.fromhex(answer["responses"][1])
    assert (GetBalance.parse(balance[:4]), balance[4:]) == (BALANCE_FEN, b"\x90\x00")
    desk.verify(answer["signature"], desk.signed_answer(step, answer))
    assert reply.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in reply.headers
    assert "Set-Cookie" not in reply.headers
    again = desk.post("/steps", desk.step(2, (GetBalance().command(),)))
    assert again.body["responses"] == [balance.hex().upper()], "the purse stays selected: no reset between steps"


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", f"{ORIGIN}.evil.example", f"{ORIGIN}\n{ORIGIN}", ""]
)
@pytest.mark.parametrize("method", ["POST", "GET", "OPTIONS"])
def test_foreign_page_is_refused(desk: Workstation, origin: str | None, method: str) -> None:
    """Another site, a sandboxed frame or a program without an origin gets nothing, not even leave to read the refusal."""
    asks = {"Access_Control_Request_Method": "POST"} if method == "OPTIONS" else {}
    reply = desk.send(method, "/steps", json.dumps(desk.step()).encode(), Origin=origin, **asks)
    assert (reply.status, reply.code) == (403, "foreign_origin")
    assert not [name for name in reply.headers if name.startswith("Access-Control")]
    assert untouched(desk)


@pytest.mark.parametrize(
    "host",
    [None, "evil.example", "evil.example:{port}", "localhost:{port}", "127.0.0.1", "127.0.0.1:{port}\nevil.example"],
)
def test_rebound_name_is_refused(desk: Workstation, host: str | None) -> None:
    """A site that points its own name at 127.0.0.1 (DNS rebinding) betrays itself by its Host."""
    port = str(desk.server.server_address[1])
    reply = desk.post("/steps", desk.step(), Host=host and host.replace("{port}", port))
    assert (reply.status, reply.code) == (421, "foreign_host")
    assert untouched(desk)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_only_post_is_taken(desk: Workstation, method: str) -> None:
    """A link, an image or a form can neither read nor change anything."""
    reply = desk.send(method, "/steps", json.dumps(desk.step()).encode())
    assert (reply.status, reply.code) == (405, "method_not_taken")
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert untouched(desk)


def test_head_and_unknown_methods_are_refused(desk: Workstation) -> None:
    """Nor does any other word open the door."""
    assert desk.send("HEAD", "/steps").status == 405
    assert desk.send("TRACE", "/steps").status == 501


@pytest.mark.parametrize("value", [None, "2", "", "1\n1"])
def test_own_header_is_asked_for(desk: Workstation, value: str | None) -> None:
    """Without our header a browser would send the request before asking: so it counts for nothing."""
    reply = desk.post("/steps", desk.step(), X_Citizencard_Agent=value)
    assert (reply.status, reply.code) == (403, "header_missing")
    assert untouched(desk)


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/json, text/plain"]
)
def test_only_json_is_read(desk: Workstation, kind: str | None) -> None:
    """The content types of plain forms are refused, whatever the body looks like."""
    assert desk.post("/steps", desk.step(), Content_Type=kind).code == "not_json"
    assert untouched(desk)


def test_browser_may_ask_first(desk: Workstation) -> None:
    """The preflight of our page is answered, also when the page comes from a public network."""
    asks = {
        "Access_Control_Request_Method": "POST",
        "Access_Control_Request_Headers": "content-type,x-citizencard-agent",
    }
    plain = desk.send("OPTIONS", "/steps", **asks)
    assert (plain.status, plain.headers["Access-Control-Allow-Origin"]) == (204, ORIGIN)
    assert plain.headers["Access-Control-Allow-Methods"] == "POST"
    assert plain.headers["Access-Control-Allow-Headers"] == "Content-Type, X-Citizencard-Agent"
    assert "Access-Control-Allow-Private-Network" not in plain.headers
    private = desk.send("OPTIONS", "/steps", **asks, Access_Control_Request_Private_Network="true")
    assert (private.status, private.headers["Access-Control-Allow-Private-Network"]) == (204, "true")
    assert untouched(desk)


@pytest.mark.parametrize(
    ("method", "headers", "path", "code"),
    [
        ("DELETE", "content-type", "/steps", "preflight_refused"),
        (None, "content-type", "/steps", "preflight_refused"),
        ("POST", "authorization", "/steps", "preflight_refused"),
        ("POST", "content-type", "/transmit", "unknown_path"),
    ],
)
def test_browser_asks_for_too_much(desk: Workstation, method: str | None, headers: str, path: str, code: str) -> None:
    """Leave is given for what the agent takes, and for no more."""
    asks = {"Access_Control_Request_Method": method, "Access_Control_Request_Headers": headers}
    assert desk.send("OPTIONS", path, **asks).code == code


def test_pairing_through_a_page(unpaired: Workstation) -> None:
    """The code opens the door once; agent and server then know each other's keys, and the code is dead."""
    offer = unpaired.offer()
    reply = unpaired.post("/pairings", offer)
    assert (reply.status, reply.body["agent_key"], reply.body["realm"]) == (
        201,
        unpaired.agent_key.hex().upper(),
        "test",
    )
    signed = (
        f"citizencard-agent pairing 1\nagent={reply.body['agent']}\nagent_key={reply.body['agent_key']}\n"
        f"server_key={offer['server_key']}\norigin={ORIGIN}\ncode={offer['code']}\nrealm=test\n"
    )
    unpaired.verify(reply.body["signature"], signed.encode())
    assert unpaired.post("/pairings", offer).code == "already_paired"
    assert untouched(unpaired)
    unpaired.folder.unpair()
    assert unpaired.post("/pairings", offer).code == "pairing_code_dead"


def test_guessing_the_code(unpaired: Workstation) -> None:
    """Five tries, then even the right code is dead."""
    replies = [unpaired.post("/pairings", unpaired.offer("2222-2222")) for _ in range(5)]
    assert {reply.code for reply in replies} == {"pairing_code_wrong"}
    assert [reply.body["tries_left"] for reply in replies] == [4, 3, 2, 1, 0]
    assert unpaired.post("/pairings", unpaired.offer()).code == "pairing_code_dead"
    assert unpaired.folder.pairing is None


def test_code_grows_old(unpaired: Workstation) -> None:
    """A code left on the screen is worth nothing after five minutes."""
    unpaired.pass_time(300)
    assert unpaired.post("/pairings", unpaired.offer()).code == "pairing_code_dead"


def test_page_names_another_origin(unpaired: Workstation) -> None:
    """The agent belongs to the origin that was named at the workstation, whatever a page says."""
    assert unpaired.post("/pairings", unpaired.offer(origin="https://evil.example")).code == "foreign_origin"
    assert unpaired.post("/pairings", unpaired.offer(), Origin="https://evil.example").code == "foreign_origin"
    assert unpaired.post("/pairings", unpaired.offer()).status == 201


def test_unpaired_agent_takes_no_step(unpaired: Workstation) -> None:
    """Nobody's word counts before pairing."""
    assert unpaired.post("/steps", unpaired.step()).code == "not_paired"


def test_steps_that_are_refused(desk: Workstation) -> None:
    """Signed by another, changed on the way, for another agent, too old, or valid for too long: the card hears of none."""
    other = Ed25519PrivateKey.generate()
    now = int(desk.now.timestamp())
    changed = {**desk.step(), "apdus": [verify_pin(PIN).to_bytes().hex().upper()] * 2}
    refused = [
        (desk.step(key=other), "step_signature_wrong"),
        (changed, "step_signature_wrong"),
        ({**desk.step(), "step": 2}, "step_signature_wrong"),
        (desk.step(agent="agt_" + "0" * 32), "step_for_other"),
        (desk.step(exp=now), "step_expired"),
        (desk.step(exp=now + 31), "step_expired"),
        (desk.step(2), "step_out_of_order"),
    ]
    for step, code in refused:
        assert desk.post("/steps", step).code == code
    assert desk.post("/steps", desk.step(exp=now + 30)).status == 200


def test_step_of_another_desk(desk: Workstation, tmp_path: Path) -> None:
    """A step that the same server signed for the desk beside is refused here, with whatever name is written on it, and works there."""
    (tmp_path / "beside").mkdir()
    with at_work(tmp_path / "beside") as beside:
        beside.server_key = desk.server_key
        beside.pair()
        theirs = beside.step()
        assert desk.post("/steps", theirs).code == "step_for_other"
        renamed = {**theirs, "agent": desk.folder.agent}
        assert desk.post("/steps", renamed).code == "step_signature_wrong"
        assert beside.post("/steps", theirs).status == 200
        assert desk.post("/steps", theirs).code == "step_for_other"
    assert untouched(desk)


def test_replayed_old_and_reordered_steps(desk: Workstation) -> None:
    """Each step is taken once and in its order; a session that ended does not come back."""
    first, second, third = (desk.step(number) for number in (1, 2, 3))
    assert desk.post("/steps", first).status == 200
    assert desk.post("/steps", first).code == "step_out_of_order"
    assert desk.post("/steps", third).body["next_step"] == 2
    assert desk.post("/steps", second).status == 200
    assert [desk.post("/steps", step).code for step in (first, second)] == ["step_out_of_order"] * 2
    assert desk.post("/steps", desk.step(session=TORN_SESSION)).status == 200
    assert desk.post("/steps", third).code == "session_over"
    assert desk.post("/steps", first).code == "step_out_of_order"


def test_two_pages_send_one_step_at_once(desk: Workstation) -> None:
    """Of the same step sent many times at the same moment, one reaches the card."""
    step = desk.step()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: desk.post("/steps", step), range(8)))
    assert sorted(reply.status for reply in replies) == [200] + [409] * 7


def test_card_is_torn(desk: Workstation) -> None:
    """A card drawn in the middle: the answers so far come back, signed, marked torn, and the session is over."""
    assert desk.post("/steps", desk.step(1, ())).body["responses"] == []
    desk.slot.card.tear(1, "after")
    step = desk.step(2)
    answer = desk.post("/steps", step).body
    assert (len(answer["responses"]), answer["torn"]) == (1, True)
    desk.verify(answer["signature"], desk.signed_answer(step, answer))
    assert desk.post("/steps", desk.step(3)).code == "session_over"
    assert desk.post("/steps", desk.step(session=TORN_SESSION)).body["torn"] is False


def test_card_is_taken_out_between_steps(desk: Workstation) -> None:
    """The next step finds no card: torn, without a response. A session cannot begin on an empty reader, and loses no step by it."""
    assert desk.post("/steps", desk.step()).status == 200
    desk.slot.take_out()
    gone = desk.post("/steps", desk.step(2)).body
    assert (gone["responses"], gone["torn"]) == ([], True)
    waiting = desk.step(session=TORN_SESSION)
    assert desk.post("/steps", waiting).code == "no_reader"
    desk.slot.put_in("a.json")
    assert desk.post("/steps", waiting).status == 200


def test_stops_at_an_unexpected_answer(desk: Workstation) -> None:
    """What the server did not expect ends the step; what it did expect does not."""
    commands = (UNKNOWN_FILE, get_challenge())
    stopped = desk.post("/steps", desk.step(1, commands)).body
    assert (stopped["responses"], stopped["torn"]) == (["6A82"], False)
    went_on = desk.post("/steps", desk.step(2, commands, expected=[["9000", "6A82"], ["9000"]])).body
    assert [response[-4:] for response in went_on["responses"]] == ["6A82", "9000"]


def test_there_is_no_raw_transmit(desk: Workstation) -> None:
    """No path takes a command that the server did not sign."""
    for path in ("/transmit", "/", "/steps?raw=1", "http://127.0.0.1/steps"):
        assert desk.post(path, {"apdu": "00A4040000"}).code == "unknown_path"
    assert desk.post("/steps", {"apdu": "00A4040000"}).code == "malformed_message"


def test_bodies_beyond_the_limits(desk: Workstation) -> None:
    """Too long, of unknown length or shorter than said: refused before it is read, or without an effect."""
    assert desk.post("/steps", "x" * MAX_BODY_BYTES).code == "body_too_large"
    assert desk.post("/steps", desk.step(), Content_Length=None).code == "body_too_large"
    assert desk.post("/steps", desk.step(), Content_Length="-1").code == "body_too_large"
    assert desk.post("/steps", desk.step(), Transfer_Encoding="chunked").code == "body_too_large"
    assert desk.send("POST", "/steps", b"{" * 60_000).code == "malformed_message"
    assert desk.send("POST", "/steps", b'{"a":' * 12_000).code == "malformed_message"
    assert untouched(desk)


def test_no_command_stands_in_the_log(desk: Workstation, caplog: pytest.LogCaptureFixture) -> None:
    """The log says what was done, never with which bytes: they may hold a PIN."""
    caplog.set_level(logging.DEBUG)
    pin: CommandApdu = verify_pin(PIN)
    assert desk.post("/steps", desk.step(1, (READ_BALANCE[0], pin))).status == 200
    assert desk.post("/steps", desk.step(1, (pin,))).status == 409
    told = caplog.text.upper()
    assert f"SESSION {SESSION.upper()} STEP 1: 2 COMMANDS, 2 RESPONSES" in told
    assert pin.data.hex().upper() not in told


def test_idle_connections_do_not_close_the_door(desk: Workstation) -> None:
    """A page that opens more connections than there are places keeps others out only while it holds them."""
    address = ("127.0.0.1", desk.server.server_address[1])
    held = [socket.create_connection(address) for _ in range(MAX_CONNECTIONS + 2)]
    try:
        held[-1].settimeout(5)
        assert held[-1].recv(1) == b"", "no place left: closed at once"
    finally:
        for connection in held:
            connection.close()
    for _ in range(50):
        try:
            assert untouched(desk)
        except OSError:
            continue
        break
    else:
        pytest.fail("the door stayed closed")


def test_port_is_taken(desk: Workstation) -> None:
    """A second agent on the same port says so."""
    with pytest.raises(PortInUse):
        AgentServer(desk.agent, desk.server.server_address[1])
