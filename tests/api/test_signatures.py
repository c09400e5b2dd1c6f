"""A terminal's request counts only if it is signed over all that matters, now, once, by the terminal that it names."""

import base64
import hashlib
from datetime import timedelta

import pytest

from citizencard.db import transaction
from citizencard.terminals.models import TerminalState
from citizencard.terminals.registry import set_terminal_state
from tests.api.registry import equip
from tests.api.signing import RIGHT, SigningDevice, Wish
from tests.api.world import World, ok, problem

SIGN_IN = "/terminals/sign-ins"
SHIFT = {"psam_serial": "33020000000000000001", "software": "test"}


def test_right_signature_is_let_in(world: World) -> None:
    """A terminal that does everything right works."""
    assert ok(equip(world).device.post(SIGN_IN, SHIFT))["batch"] == 1


@pytest.mark.parametrize("covered", [("@path", "content-digest"), ("@method", "content-digest"), ("@method", "@path")])
def test_signature_must_cover_method_path_and_body(world: World, covered: tuple[str, ...]) -> None:
    """What is not signed could be changed on the way: such a signature is worth nothing."""
    found = problem(equip(world).device.post(SIGN_IN, SHIFT, Wish(covered=covered)), 401, "signature_invalid")
    assert found["reason"] == "components"


def test_signature_must_cover_the_query(world: World) -> None:
    """Nobody adds parameters to somebody else's request; those that are signed are looked at."""
    device = equip(world).device
    problem(device.get("/terminals/hotlist", Wish(query="?after=1")), 401, "signature_invalid")
    covered = ("@method", "@path", "@query", "content-digest")
    problem(device.get("/terminals/hotlist", Wish(covered=covered, query="?after=1")), 422, "shape_invalid")


def test_body_must_be_the_one_that_was_signed(world: World) -> None:
    """A record that was changed on the way is noticed before it is read."""
    problem(equip(world).device.post(SIGN_IN, SHIFT, Wish(digest_of=b"another")), 400, "digest_differs")


@pytest.mark.parametrize("digest", ["", "md5", "rubbish"])
def test_digest_that_is_changed_after_signing_is_noticed(world: World, digest: str) -> None:
    """The digest is what ties the body to the signature: without it, or with another, nothing is read."""
    device = equip(world).device
    headers = device.signed("POST", SIGN_IN, b"{}") | {"Content-Digest": digest}
    answer = device.client.post(SIGN_IN, data=b"{}", content_type="application/json", headers=headers)
    problem(answer, 401, "signature_invalid")


def test_every_digest_that_is_given_must_be_right(world: World) -> None:
    """Two digests, one of them wrong or of no known kind: the body is not the one that was meant."""
    device = equip(world).device
    body = b'{"psam_serial":"33020000000000000001"}'
    right = base64.b64encode(hashlib.sha256(body).digest()).decode()
    long = base64.b64encode(hashlib.sha512(body).digest()).decode()
    wrong = base64.b64encode(hashlib.sha512(b"x").digest()).decode()
    for digest in (f"sha-256=:{right}:, sha-512=:{wrong}:", f"md5=:{right}:", "sha-256=1", "sha-256=:AAAA:"):
        answer = device.send("POST", SIGN_IN, body, Wish(digest=digest))
        assert answer.get_json(force=True)["code"] in ("digest_differs", "signature_invalid"), digest
    assert device.send("POST", SIGN_IN, body, Wish(digest=f"sha-256=:{right}:, sha-512=:{long}:")).status_code == 200


@pytest.mark.parametrize("late_by", [timedelta(seconds=301), timedelta(seconds=-301)])
def test_clock_that_is_wrong_is_told_the_time(world: World, late_by: timedelta) -> None:
    """A terminal whose clock has stopped can set it by itself and send again."""
    found = problem(equip(world).device.post(SIGN_IN, SHIFT, Wish(late_by=late_by)), 401, "clock_skewed")
    assert found["server_time"] == "2026-11-21T00:30:00Z"
    assert found["tolerance_s"] == 300


def test_signature_is_worth_nothing_after_its_own_end(world: World) -> None:
    """A device may say until when its request counts (RFC 9421 section 2.3): then it counts no longer, be it made a second ago."""
    device = equip(world).device
    ok(device.post(SIGN_IN, SHIFT, Wish(expires_in=timedelta(seconds=30))))
    problem(device.post(SIGN_IN, SHIFT, Wish(expires_in=timedelta(seconds=-1))), 401, "clock_skewed")


def test_clock_may_differ_by_five_minutes(world: World) -> None:
    """Clocks of buses are not atomic clocks."""
    device = equip(world).device
    for late_by in (timedelta(seconds=300), timedelta(seconds=-300)):
        ok(device.post(SIGN_IN, SHIFT, Wish(late_by=late_by)))


def test_request_is_taken_once(world: World) -> None:
    """Whoever records a request and sends it again achieves nothing."""
    device = equip(world).device
    wish = Wish(nonce="a-nonce-of-enough-characters")
    ok(device.post(SIGN_IN, SHIFT, wish))
    problem(device.post(SIGN_IN, SHIFT, wish), 401, "nonce_replayed")
    problem(device.post(SIGN_IN, SHIFT, Wish(nonce="short")), 400, "nonce_invalid")


def test_nonce_is_used_up_even_if_the_request_is_refused(world: World) -> None:
    """A refused request cannot be kept for a better moment."""
    device = equip(world).device
    wish = Wish(nonce="a-nonce-of-enough-characters")
    problem(device.post(SIGN_IN, {"psam_serial": "zz"}, wish), 422, "shape_invalid")
    problem(device.post(SIGN_IN, SHIFT, wish), 401, "nonce_replayed")


def test_terminal_speaks_for_itself_only(world: World) -> None:
    """A terminal that names another one's number is not believed, although its own key is known."""
    one, other = equip(world), equip(world, "bus 5")
    answer = one.device.pretending(other.psam["terminal_number"]).post(SIGN_IN, SHIFT)
    assert problem(answer, 401, "signature_invalid")["reason"] == "signature"


def test_stranger_and_disabled_terminal_are_kept_out(world: World) -> None:
    """A stolen terminal is shut out from one moment to the next."""
    equipped = equip(world)
    stranger = SigningDevice(world.app.test_client(), "330299999999", world.clock())
    problem(stranger.post(SIGN_IN, SHIFT), 404, "unknown_terminal")
    with transaction(world.sessions) as session:
        set_terminal_state(session, equipped.terminal["id"], TerminalState.DISABLED)
    problem(equipped.device.post(SIGN_IN, SHIFT), 403, "terminal_disabled")


def test_unsigned_request_is_refused(world: World) -> None:
    """Without a signature nothing is read."""
    for path in (SIGN_IN, "/terminals/batches", "/terminals/purchases"):
        problem(world.anybody().post(path, {}), 401, "signature_missing")
    problem(world.anybody().get("/terminals/hotlist"), 401, "signature_missing")


@pytest.mark.parametrize("field", ["", "x", "a=()", "a=1", "a=(), b=()", "a=();created=1", "é=()", "a=" + "(" * 2_100])
def test_signature_that_cannot_be_read_is_refused(world: World, field: str) -> None:
    """Rubbish in a header is refused like no signature, and breaks nothing."""
    device = equip(world).device
    headers = device.signed("POST", SIGN_IN, b"{}") | {"Signature-Input": field}
    answer = device.client.post(SIGN_IN, data=b"{}", content_type="application/json", headers=headers)
    problem(answer, 401, "signature_missing")


def test_time_that_no_calendar_has_is_a_wrong_clock(world: World) -> None:
    """A creation time of a hundred digits is no reason to fall over."""
    device = equip(world).device
    headers = device.signed("POST", SIGN_IN, b"{}")
    created = str(int(world.clock().timestamp()))
    for wrong in ("99999999999999", "-1"):
        tampered = headers | {"Signature-Input": headers["Signature-Input"].replace(created, wrong)}
        answer = device.client.post(SIGN_IN, data=b"{}", content_type="application/json", headers=tampered)
        problem(answer, 401, "clock_skewed")


def test_enrolment_needs_the_private_key(world: World) -> None:
    """Nobody enrols somebody else's public key: the request is signed with the key that it brings."""
    equipped = equip(world)
    thief = SigningDevice(world.app.test_client(), equipped.psam["terminal_number"], world.clock())
    body = {"terminal": thief.key_id, "code": "0" * 32, "public_key": equipped.device.public_key.hex()}
    problem(thief.post("/terminals/enrolments", body, RIGHT), 401, "signature_invalid")
    other = thief.pretending("330299999999")
    body["public_key"] = other.public_key.hex()
    problem(other.post("/terminals/enrolments", body), 401, "signature_invalid")
