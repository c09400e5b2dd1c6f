"""The messages: one form of bytes to sign, and no other form of JSON is read."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hardware.agent import messages
from hardware.agent.errors import MalformedMessage
from hardware.agent.messages import PairingRequest, Step, StepAnswer, agent_id, fingerprint, is_origin, read_json
from hardware.card.apdu import ResponseApdu

README = Path(messages.__file__).with_name("README.md")
AGENT = "agt_66687AADF862BD776C8FC18B8E9F8E20"
STEP: dict[str, Any] = {
    "agent": AGENT,
    "session": "job-2026-11-21_0001",
    "step": 2,
    "apdus": ["00A40000023F00", "805C000204"],
    "expected": [["9000", "6A82"], ["9000"]],
    "exp": 1795222820,
    "signature": "AB" * 64,
}
# Regression set: the byte form of hardware/agent/README.md, with another key.
SIGNED_STEP = (
    b"citizencard-agent step 1\nagent=agt_66687AADF862BD776C8FC18B8E9F8E20\nsession=job-2026-11-21_0001\nstep=2\n"
    b"exp=1795222820\napdu=00A40000023F00\nexpected=9000,6A82\napdu=805C000204\nexpected=9000\n"
)
SIGNED_ANSWER = (
    b"citizencard-agent answer 1\nagent=agt_66687AADF862BD776C8FC18B8E9F8E20\nsession=job-2026-11-21_0001\nstep=2\n"
    b"step_sha256=%s\nrealm=test\natr=3B00\nresponse=6A82\nresponse=000030399000\ntorn=no\n"
)


def test_names_of_keys() -> None:
    """An agent's name and a fingerprint follow from the key alone (SHA-256 of 32 zero bytes: 66687AAD…)."""
    assert agent_id(bytes(32)) == AGENT
    assert fingerprint(bytes(32)) == "6668 7AAD F862 BD77 6C8F C18B 8E9F 8E20"


def test_signed_bytes_are_those_of_the_page() -> None:
    """What the page writes down for other makers is what is signed, step and answer."""
    step = Step.read(STEP)
    assert step.signed_bytes() == SIGNED_STEP
    answer = StepAnswer(
        step, "r", "test", b"\x3b\x00", (ResponseApdu(b"", 0x6A82), ResponseApdu(b"\0\0\x30\x39")), torn=False
    )
    assert answer.signed_bytes() == SIGNED_ANSWER % hashlib.sha256(SIGNED_STEP).hexdigest().upper().encode()
    document = answer.document(bytes(64))
    assert document["responses"] == ["6A82", "000030399000"]
    assert document["signature"] == "00" * 64


def test_signature_covers_every_field() -> None:
    """Whatever is changed in a step changes the signed bytes."""
    changes: list[dict[str, Any]] = [
        {"agent": "agt_" + "0" * 32},
        {"session": "job-2026-11-21_0002"},
        {"step": 3},
        {"apdus": ["00A40000023F00", "805C000104"]},
        {"expected": [["9000"], ["9000", "6A82"]]},
        {"expected": [["6A82", "9000"], ["9000"]]},
        {"exp": 1795222821},
        {"apdus": [], "expected": []},
    ]
    forms = {Step.read({**STEP, **change}).signed_bytes() for change in changes}
    assert len(forms | {SIGNED_STEP}) == len(changes) + 1


def test_examples_of_the_page_are_true() -> None:
    """The bytes and signatures written down for other makers are those of this code."""
    page = README.read_text(encoding="utf-8").replace("\n    ", "\n")
    server, agent = (Ed25519PrivateKey.from_private_bytes(bytes([byte]) * 32) for byte in (1, 2))
    agent_key = agent.public_key().public_bytes_raw()
    offer = PairingRequest("https://card.example.cn", server.public_key().public_bytes_raw(), "7KQ2-M9XA")
    step = Step.read({**STEP, "agent": agent_id(agent_key)})
    responses = (ResponseApdu(b"", 0x6A82), ResponseApdu(bytes.fromhex("00003039")))
    answer = StepAnswer(step, "emulated reader", "test", b"\x3b\x00", responses, torn=False)
    for key, signed in (
        (agent, offer.answer_bytes(agent_key, "test")),
        (server, step.signed_bytes()),
        (agent, answer.signed_bytes()),
    ):
        assert f"\n{signed.decode()}\nsignature {key.sign(signed).hex().upper()}\n" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("agent", "agt_1"),
        ("agent", 7),
        ("session", "short"),
        ("session", "line\nfeed=0000000000"),
        ("session", "x" * 65),
        ("step", 0),
        ("step", True),
        ("step", "1"),
        ("step", 10_001),
        ("apdus", "00A4"),
        ("apdus", ["00A4", "00A4"]),
        ("apdus", ["00a40000023f00", "805C000204"]),
        ("apdus", [1, 2]),
        ("apdus", ["805C000204"] * 33),
        ("apdus", ["00" * 262, "805C000204"]),
        ("apdus", ["805C000204"]),
        ("expected", [["9000"]]),
        ("expected", [["9000"], []]),
        ("expected", [["9000"], "9000"]),
        ("expected", [["9000"], ["9000"] * 9]),
        ("expected", [["9000"], ["90"]]),
        ("expected", [["9000"], [0x9000]]),
        ("exp", -1),
        ("signature", "AB" * 63),
        ("more", 1),
    ],
)
def test_other_forms_are_refused(field: str, value: object) -> None:
    """A step of another form is no step; the refusal names the field and repeats nothing of it."""
    with pytest.raises(MalformedMessage) as refused:
        Step.read({**STEP, field: value})
    named = {"more": "body", "apdus": refused.value.field}.get(field, field)
    assert refused.value.field == named
    assert "805C" not in str(refused.value)


def test_longest_command_fits() -> None:
    """255 bytes of data with Le: the longest short command."""
    longest = "00D60000FF" + "11" * 255 + "00"
    assert Step.read({**STEP, "apdus": [longest, longest]}).commands[0].le == 256


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"1", b"{", b'{"a":1,"a":2}', b'{"a":1.5}', b'{"a":NaN}', b'{"a":"\xff"}', b'{"b":{"a":1,"a":1}}'],
)
def test_json_has_one_reading(raw: bytes) -> None:
    """Doubled names, fractions and anything but an object are refused: two readers might understand them differently."""
    with pytest.raises(MalformedMessage):
        read_json(raw)


def test_origins() -> None:
    """Pages come by https from anywhere, by http from this machine only, with nothing behind the authority."""
    assert all(
        map(
            is_origin,
            ("https://card.example.cn", "https://card.example.cn:8443", "http://127.0.0.1:8000", "http://localhost"),
        )
    )
    wrong = (
        "http://card.example.cn",
        "https://card.example.cn/",
        "https://CARD.example.cn",
        "null",
        "*",
        "http://127.0.0.1.evil.cn",
        "https://a\n",
    )
    assert not any(map(is_origin, wrong))


def test_pairing_request() -> None:
    """A key of the wrong length or a strange code is refused; the code is not shown."""
    good = {"origin": "https://card.example.cn", "server_key": "00" * 32, "code": "7KQ2-M9XA"}
    assert "7KQ2" not in repr(PairingRequest.read(good))
    for change in ({"server_key": "00" * 31}, {"code": "a\nb"}, {"code": None}, {"origin": "http://card.example.cn"}):
        with pytest.raises(MalformedMessage):
            PairingRequest.read({**good, **change})
