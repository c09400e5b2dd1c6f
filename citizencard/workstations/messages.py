"""The server's half of the reader agents' protocol, version 1: exactly the bytes that are signed (hardware/agent/README.md).

Signed bytes are ASCII lines: a title, then `name=value`, each ended by a line feed. Nothing is believed here: what an agent sends is
read strictly, and whether it counts is decided by its signature over bytes that the server builds from its own knowledge.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from citizencard.workstations.errors import AgentMessageMalformed
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.errors import MalformedCardData

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
AGENT_ID_BYTES: Final = 16
MAX_COMMANDS: Final = 32
MAX_STEP: Final = 10_000
MAX_ATR_BYTES: Final = 33
MAX_RESPONSE_BYTES: Final = 258
MAX_READER_CHARS: Final = 255
AGENT: Final = re.compile(r"agt_[0-9A-F]{32}")
SESSION: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
REALMS: Final = re.compile(r"test|unproven")
CODE: Final = re.compile(r"[0-9A-Z-]{1,32}")
_HEX: Final = re.compile(r"(?:[0-9A-F]{2})*")


def agent_id(public_key: bytes) -> str:
    """The name of an agent follows from its key: `agt_` and the first 16 bytes of the key's SHA-256."""
    return f"agt_{hashlib.sha256(public_key).digest()[:AGENT_ID_BYTES].hex().upper()}"


def fingerprint(public_key: bytes) -> str:
    """The first 16 bytes of a key's SHA-256 in groups of four digits, for two people to compare."""
    digits = hashlib.sha256(public_key).digest()[:AGENT_ID_BYTES].hex().upper()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def origin_of(public_url: str) -> str:
    """The web origin of the server's pages, as a browser names it: scheme, host, and the port where it is not the usual one."""
    parts = urlsplit(public_url)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    port = "" if parts.port in {None, usual} else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname or ''}{port}"


def is_signed_by(public_key: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether this key has signed these bytes (Ed25519)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class AgentSaid:
    """An agent's answer to pairing, with the code that the clerk typed.

    Args:
        agent: its name.
        agent_key: its public key, 32 bytes.
        realm: `test` for an emulated reader, else `unproven`.
        signature: over all of it and over what the server sent, 64 bytes.
        code: what the agent showed.
    """

    agent: str
    agent_key: bytes
    realm: str
    signature: bytes = field(repr=False)
    code: str = field(repr=False)

    @classmethod
    def read(cls, document: Mapping[str, Any], code: str) -> Self:
        """Read `{"agent", "agent_key", "realm", "signature"}`.

        Raises:
            AgentMessageMalformed: another form.
        """
        _fields(document, {"agent", "agent_key", "realm", "signature"})
        return cls(
            _text(document, "agent", AGENT),
            _octets(document, "agent_key", KEY_BYTES, KEY_BYTES),
            _text(document, "realm", REALMS),
            _octets(document, "signature", SIGNATURE_BYTES, SIGNATURE_BYTES),
            _text({"code": code}, "code", CODE),
        )

    def signed_bytes(self, server_key: bytes, origin: str) -> bytes:
        """What the agent must have signed, with the server's own key and origin."""
        return _lines(
            "citizencard-agent pairing 1",
            [
                ("agent", self.agent),
                ("agent_key", self.agent_key.hex().upper()),
                ("server_key", server_key.hex().upper()),
                ("origin", origin),
                ("code", self.code),
                ("realm", self.realm),
            ],
        )


@dataclass(frozen=True, slots=True)
class StepOrder:
    """Commands for the card in one agent's reader.

    Args:
        agent: whose reader.
        session: the conversation with the card.
        step: 1, 2, 3 … without a gap.
        commands: at most 32; none asks for the answer to reset only.
        exp: until when the agent may take it, seconds since 1970.
        expected: for each command the status words after which the next one is sent; empty means 9000 for all.

    Raises:
        ValueError: more commands than a step holds, or not one list for each (our own mistake).
    """

    agent: str
    session: str
    step: int
    commands: tuple[CommandApdu, ...] = field(repr=False)
    exp: int
    expected: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        """Hold the bounds."""
        if len(self.commands) > MAX_COMMANDS or len(self.expected) not in {0, len(self.commands)}:
            message = f"a step has at most {MAX_COMMANDS} commands, and a list of status words for each"
            raise ValueError(message)

    def apdus(self) -> list[str]:
        """The commands in hexadecimal digits."""
        return [command.to_bytes().hex().upper() for command in self.commands]

    def status_words(self) -> list[list[str]]:
        """The expected status words, one list for each command."""
        expected = self.expected or ((0x9000,),) * len(self.commands)
        return [[f"{word:04X}" for word in words] for words in expected]

    def signed_bytes(self) -> bytes:
        """What the server signs."""
        pairs = zip(self.apdus(), self.status_words(), strict=True)
        return _lines(
            "citizencard-agent step 1",
            [
                ("agent", self.agent),
                ("session", self.session),
                ("step", str(self.step)),
                ("exp", str(self.exp)),
                *(line for apdu, words in pairs for line in (("apdu", apdu), ("expected", ",".join(words)))),
            ],
        )

    def document(self, signature: bytes) -> dict[str, Any]:
        """The JSON form, which the page hands to the agent as it is."""
        return {
            "agent": self.agent,
            "session": self.session,
            "step": self.step,
            "apdus": self.apdus(),
            "expected": self.status_words(),
            "exp": self.exp,
            "signature": signature.hex().upper(),
        }


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """What became of a step, as an agent tells it.

    Args:
        agent, session, step: which step.
        realm: `test` for an emulated reader.
        atr: the card's answer to reset.
        responses: in the order of the commands, up to the first status word that was not expected.
        torn: the card went away; whether the command after the last response was carried out only the card can tell.
        signature: the agent's, 64 bytes.
    """

    agent: str
    session: str
    step: int
    realm: str
    atr: bytes
    responses: tuple[ResponseApdu, ...] = field(repr=False)
    torn: bool
    signature: bytes = field(repr=False)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read `{"agent", "session", "step", "reader", "realm", "atr", "responses", "torn", "signature"}`.

        Raises:
            AgentMessageMalformed: another form, or beyond a limit.
        """
        _fields(document, {"agent", "session", "step", "reader", "realm", "atr", "responses", "torn", "signature"})
        step, torn, reader = document["step"], document["torn"], document["reader"]
        if type(step) is not int or not 1 <= step <= MAX_STEP:
            raise AgentMessageMalformed("step is no number of a step", field="step")
        if not isinstance(torn, bool):
            raise AgentMessageMalformed("torn is true or false", field="torn")
        if not isinstance(reader, str) or len(reader) > MAX_READER_CHARS:
            raise AgentMessageMalformed("reader is a short text", field="reader")
        return cls(
            _text(document, "agent", AGENT),
            _text(document, "session", SESSION),
            step,
            _text(document, "realm", REALMS),
            _octets(document, "atr", 0, MAX_ATR_BYTES),
            tuple(_response(raw) for raw in _responses(document["responses"])),
            torn,
            _octets(document, "signature", SIGNATURE_BYTES, SIGNATURE_BYTES),
        )

    def signed_bytes(self, step_sha256: bytes) -> bytes:
        """What the agent must have signed, if it answered the step of this digest."""
        return _lines(
            "citizencard-agent answer 1",
            [
                ("agent", self.agent),
                ("session", self.session),
                ("step", str(self.step)),
                ("step_sha256", step_sha256.hex().upper()),
                ("realm", self.realm),
                ("atr", self.atr.hex().upper()),
                *(("response", response.to_bytes().hex().upper()) for response in self.responses),
                ("torn", "yes" if self.torn else "no"),
            ],
        )


def _lines(title: str, fields: Sequence[tuple[str, str]]) -> bytes:
    return "".join([f"{title}\n", *(f"{name}={value}\n" for name, value in fields)]).encode("ascii")


def _fields(document: Mapping[str, Any], names: set[str]) -> None:
    if set(document) != names:
        raise AgentMessageMalformed(f"must have exactly {', '.join(sorted(names))}", field="body")


def _text(document: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = document[name]
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise AgentMessageMalformed(f"{name} is not of its form", field=name)
    return value


def _octets(document: Mapping[str, Any], name: str, least: int, most: int) -> bytes:
    raw = bytes.fromhex(_text(document, name, _HEX))
    if not least <= len(raw) <= most:
        raise AgentMessageMalformed(f"{name} has another length", field=name)
    return raw


def _responses(found: object) -> list[object]:
    if not isinstance(found, list) or len(found) > MAX_COMMANDS:
        raise AgentMessageMalformed(f"responses is a list of at most {MAX_COMMANDS}", field="responses")
    return found


def _response(raw: object) -> ResponseApdu:
    try:
        if isinstance(raw, str) and len(raw) <= 2 * MAX_RESPONSE_BYTES and _HEX.fullmatch(raw):
            return ResponseApdu.from_bytes(bytes.fromhex(raw))
    except MalformedCardData:
        pass
    raise AgentMessageMalformed("each response is 2 to 258 bytes", field="responses")
