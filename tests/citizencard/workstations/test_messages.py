"""The bytes that are signed, held against the agent's own description and the agent's own code."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from citizencard.workstations import messages
from citizencard.workstations.errors import AgentMessageMalformed
from citizencard.workstations.messages import AgentAnswer, AgentSaid, StepOrder
from hardware.agent.messages import Step
from hardware.card.apdu import CommandApdu

README = (Path(__file__).parents[3] / "hardware/agent/README.md").read_text(encoding="utf-8")
SERVER = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
AGENT = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
AGENT_KEY = AGENT.public_key().public_bytes_raw()
NAME = messages.agent_id(AGENT_KEY)
COMMANDS = tuple(CommandApdu.from_bytes(bytes.fromhex(apdu)) for apdu in ("00A40000023F00", "805C000204"))
ORDER = StepOrder(NAME, "job-2026-11-21_0001", 2, COMMANDS, 1795222820, ((0x9000, 0x6A82), (0x9000,)))


def described(signed: bytes, key: Ed25519PrivateKey) -> bytes:
    """Signs bytes that stand on the page exactly so, line by line, with their signature right after them."""
    signature = key.sign(signed).hex().upper()
    shown = "".join(f"    {line}\n" for line in signed.decode().splitlines())
    assert f"{shown}\n    signature {signature}\n" in README
    return bytes.fromhex(signature)


def answer(**changes: Any) -> dict[str, Any]:
    """The answer of the description."""
    return {
        "agent": NAME,
        "session": ORDER.session,
        "step": 2,
        "reader": "emulated reader",
        "realm": "test",
        "atr": "3B00",
        "responses": ["6A82", "000030399000"],
        "torn": False,
        "signature": "00" * 64,
        **changes,
    }


def test_all_three_messages_are_the_described_ones() -> None:
    """Another maker's agent, written from the page, understands this server: signed bytes and signatures are those of the examples."""
    said = AgentSaid(NAME, AGENT_KEY, "test", bytes(64), "7KQ2-M9XA")
    server_key = SERVER.public_key().public_bytes_raw()
    signature = described(said.signed_bytes(server_key, "https://card.example.cn"), AGENT)
    assert messages.is_signed_by(AGENT_KEY, signature, said.signed_bytes(server_key, "https://card.example.cn"))
    described(ORDER.signed_bytes(), SERVER)
    digest = bytes.fromhex("3A27296DC66138B5DF1F6295303266CFC527AA6A571AB8A49ED37D003FDE8E9E")
    described(AgentAnswer.read(answer()).signed_bytes(digest), AGENT)


def test_agent_reads_what_the_server_writes() -> None:
    """The agent takes our JSON and arrives at the bytes that we have signed; 9000 is expected where nothing else is said."""
    for order in (ORDER, StepOrder(NAME, ORDER.session, 1, (), 5), StepOrder(NAME, ORDER.session, 3, COMMANDS, 5)):
        step = Step.read(order.document(bytes(64)))
        assert step.signed_bytes() == order.signed_bytes()
    assert step.expected == ((0x9000,), (0x9000,))


def test_step_has_its_bounds() -> None:
    """A job that asks for more than an agent takes fails here, not at the counter."""
    for commands, expected in ((COMMANDS * 17, ()), (COMMANDS, ((0x9000,),))):
        with pytest.raises(ValueError, match="at most 32 commands"):
            StepOrder(NAME, ORDER.session, 1, commands, 5, expected)


def test_fingerprint_is_what_the_agent_shows() -> None:
    """Two people compare the same eight groups of four digits."""
    assert messages.fingerprint(AGENT_KEY) == "6A38 03D5 F059 902A 1C6D AFBC 9BA4 7292"


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("https://card.example.cn/", "https://card.example.cn"),
        ("https://Card.Example.cn:443/portal", "https://card.example.cn"),
        ("https://card.example.cn:8443", "https://card.example.cn:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_origin_is_as_browsers_write_it(public_url: str, origin: str) -> None:
    """The agent compares letter by letter with what the browser sends."""
    assert messages.origin_of(public_url) == origin


@pytest.mark.parametrize(
    "change",
    [
        {"agent": "agt_6a38"},
        {"session": "short"},
        {"session": "ags_0000000000000000\n"},
        {"step": 0},
        {"step": 10_001},
        {"step": 2.0},
        {"realm": "production"},
        {"atr": "3b00"},
        {"atr": "3B" * 34},
        {"responses": ["90"]},
        {"responses": ["9000"] * 33},
        {"responses": ["00" * 259]},
        {"responses": [9000]},
        {"responses": None},
        {"torn": 0},
        {"reader": None},
        {"signature": "00" * 63},
        {"more": 1},
    ],
)
def test_answer_of_another_form_is_refused(change: dict[str, Any]) -> None:
    """Whatever a page invents is refused before anybody looks for a signature."""
    with pytest.raises(AgentMessageMalformed):
        AgentAnswer.read(answer(**change))


def test_pairing_of_another_form_is_refused() -> None:
    """The same for what an agent says when it is paired."""
    good = {"agent": NAME, "agent_key": AGENT_KEY.hex().upper(), "realm": "test", "signature": "00" * 64}
    AgentSaid.read(good, "7KQ2-M9XA")
    for change in ({"agent": None}, {"agent_key": "00"}, {"realm": "real"}, {"signature": ""}, {"more": 1}):
        with pytest.raises(AgentMessageMalformed):
            AgentSaid.read({**good, **change}, "7KQ2-M9XA")
    for code in ("", "7kq2", "7KQ2\n", "A" * 33):
        with pytest.raises(AgentMessageMalformed):
            AgentSaid.read(good, code)


def test_key_that_is_none_has_signed_nothing() -> None:
    """Garbage instead of a key is a wrong signature, not a fault of ours."""
    assert not messages.is_signed_by(b"\x00" * 31, bytes(64), b"")
    assert not messages.is_signed_by(AGENT_KEY, bytes(64), b"")
