"""What page, server and agent say to one another: the messages, their strict JSON form, and the exact bytes that are signed.

The signed form is text: a line that names the kind and version, then one `name=value` line for each field, each ended by a line feed. All
values are decimal digits, upper-case hexadecimal digits or words of a small alphabet, so there is nothing to escape and one form only.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, Self

from hardware.agent.errors import MalformedMessage
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.errors import MalformedCardData

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
MAX_APDUS: Final = 32
MAX_APDU_BYTES: Final = 261
MAX_EXPECTED: Final = 8
MAX_STEP: Final = 10_000
MAX_TIME: Final = 1 << 40
AGENT_ID_BYTES: Final = 16
_AGENT: Final = re.compile(r"agt_[0-9A-F]{32}")
_SESSION: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_HEX: Final = re.compile(r"(?:[0-9A-F]{2})*")
_STATUS: Final = re.compile(r"[0-9A-F]{4}")
_CODE: Final = re.compile(r"[0-9A-Z-]{1,32}")
_ORIGIN: Final = re.compile(
    r"https://[a-z0-9.-]{1,253}(?::[0-9]{1,5})?|http://(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?"
)


def agent_id(public_key: bytes) -> str:
    """The name of an agent follows from its key: `agt_` and the first 16 bytes of the key's SHA-256."""
    return f"agt_{hashlib.sha256(public_key).digest()[:AGENT_ID_BYTES].hex().upper()}"


def fingerprint(public_key: bytes) -> str:
    """The first 16 bytes of a key's SHA-256 in groups of four digits, for two people to compare."""
    digits = hashlib.sha256(public_key).digest()[:AGENT_ID_BYTES].hex().upper()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def is_origin(text: str) -> bool:
    """A web origin that may have an agent: https, or http on this very machine (demo)."""
    return _ORIGIN.fullmatch(text) is not None


def read_json(raw: bytes) -> Mapping[str, Any]:
    """Read a JSON object; a name may stand in it once only, and there are no fractions.

    Raises:
        MalformedMessage: anything else.
    """
    try:
        document = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number
        )
    except (ValueError, RecursionError):
        raise MalformedMessage("body", "not JSON") from None
    if not isinstance(document, dict):
        raise MalformedMessage("body", "must be an object")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedMessage("body", "a name stands in it twice")
    return found


def _no_number(text: str) -> NoReturn:
    del text  # json hands over what it found; it is not repeated in the answer
    raise MalformedMessage("body", "numbers must be whole")


@dataclass(frozen=True, slots=True)
class PairingRequest:
    """A server asks an agent to belong to it.

    Args:
        origin: of the server's pages.
        server_key: the server's Ed25519 public key, 32 bytes.
        code: what the agent shows.
    """

    origin: str
    server_key: bytes
    code: str = field(repr=False)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read `{"origin", "server_key", "code"}`.

        Raises:
            MalformedMessage: another form.
        """
        _fields(document, {"origin", "server_key", "code"})
        origin = _text(document, "origin", _ORIGIN)
        return cls(origin, _octets(document, "server_key", KEY_BYTES), _text(document, "code", _CODE))

    def answer_bytes(self, agent_key: bytes, realm: str) -> bytes:
        """What the agent signs when it agrees: both keys, the origin, the code, and the realm of its reader."""
        return _lines(
            "citizencard-agent pairing 1",
            [
                ("agent", agent_id(agent_key)),
                ("agent_key", agent_key.hex().upper()),
                ("server_key", self.server_key.hex().upper()),
                ("origin", self.origin),
                ("code", self.code),
                ("realm", realm),
            ],
        )


@dataclass(frozen=True, slots=True)
class Step:
    """Commands for the card in one agent's reader, signed by its server.

    Args:
        agent: whose reader.
        session: the conversation with one card from one reset on, 16 to 64 of `A-Z a-z 0-9 _ -`, made by the server, never used again.
        step: 1, 2, 3, … within the session.
        commands: in order; none at all asks for the answer to reset only.
        expected: for each command the status words after which the next one may be sent.
        exp: until when it may be taken, seconds since 1970.
        signature: Ed25519 over `signed_bytes()`.
    """

    agent: str
    session: str
    step: int
    commands: tuple[CommandApdu, ...]
    expected: tuple[tuple[int, ...], ...]
    exp: int
    signature: bytes = field(repr=False)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read `{"agent", "session", "step", "apdus", "expected", "exp", "signature"}`.

        Raises:
            MalformedMessage: another form, or beyond a limit.
        """
        _fields(document, {"agent", "session", "step", "apdus", "expected", "exp", "signature"})
        commands = tuple(_command(raw) for raw in _list(document, "apdus", MAX_APDUS))
        expected = tuple(_status_words(words) for words in _list(document, "expected", MAX_APDUS))
        if len(expected) != len(commands):
            raise MalformedMessage("expected", "one list for each command")
        return cls(
            _text(document, "agent", _AGENT),
            _text(document, "session", _SESSION),
            _number(document, "step", MAX_STEP),
            commands,
            expected,
            _number(document, "exp", MAX_TIME),
            _octets(document, "signature", SIGNATURE_BYTES),
        )

    def signed_bytes(self) -> bytes:
        """What the server signs."""
        commands = [("apdu", command.to_bytes().hex().upper()) for command in self.commands]
        expected = [("expected", ",".join(f"{sw:04X}" for sw in words)) for words in self.expected]
        return _lines(
            "citizencard-agent step 1",
            [
                ("agent", self.agent),
                ("session", self.session),
                ("step", str(self.step)),
                ("exp", str(self.exp)),
                *(line for pair in zip(commands, expected, strict=True) for line in pair),
            ],
        )


@dataclass(frozen=True, slots=True)
class StepAnswer:
    """What became of a step.

    Args:
        step: the step that was carried out.
        reader: name of the reader.
        realm: `test` for an emulated reader; `unproven` for any other, where only the chip's keys can tell.
        atr: the card's answer to reset.
        responses: in the order of the commands, up to the first status word that was not expected.
        torn: the card went away; whether the command after the last response was carried out is unknown.
    """

    step: Step
    reader: str
    realm: str
    atr: bytes
    responses: tuple[ResponseApdu, ...]
    torn: bool

    def signed_bytes(self) -> bytes:
        """What the agent signs: the answer, and by its SHA-256 exactly the step that it answers."""
        return _lines(
            "citizencard-agent answer 1",
            [
                ("agent", self.step.agent),
                ("session", self.step.session),
                ("step", str(self.step.step)),
                ("step_sha256", hashlib.sha256(self.step.signed_bytes()).hexdigest().upper()),
                ("realm", self.realm),
                ("atr", self.atr.hex().upper()),
                *(("response", response.to_bytes().hex().upper()) for response in self.responses),
                ("torn", "yes" if self.torn else "no"),
            ],
        )

    def document(self, signature: bytes) -> dict[str, Any]:
        """The JSON form; `reader` is for people and not signed."""
        return {
            "agent": self.step.agent,
            "session": self.step.session,
            "step": self.step.step,
            "reader": self.reader,
            "realm": self.realm,
            "atr": self.atr.hex().upper(),
            "responses": [response.to_bytes().hex().upper() for response in self.responses],
            "torn": self.torn,
            "signature": signature.hex().upper(),
        }


def _lines(title: str, fields: list[tuple[str, str]]) -> bytes:
    return "".join([f"{title}\n", *(f"{name}={value}\n" for name, value in fields)]).encode("ascii")


def _fields(document: Mapping[str, Any], names: set[str]) -> None:
    if document.keys() != names:
        raise MalformedMessage("body", f"must have exactly {', '.join(sorted(names))}")


def _text(document: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = document[name]
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise MalformedMessage(name, "not of its form")
    return value


def _octets(document: Mapping[str, Any], name: str, length: int) -> bytes:
    raw = bytes.fromhex(_text(document, name, _HEX))
    if len(raw) != length:
        raise MalformedMessage(name, f"must be {2 * length} upper-case hexadecimal digits")
    return raw


def _number(document: Mapping[str, Any], name: str, limit: int) -> int:
    value = document[name]
    if type(value) is not int or not 1 <= value <= limit:
        raise MalformedMessage(name, f"must be a whole number from 1 to {limit}")
    return value


def _list(document: Mapping[str, Any], name: str, limit: int) -> list[Any]:
    value = document[name]
    if not isinstance(value, list) or len(value) > limit:
        raise MalformedMessage(name, f"must be a list of at most {limit}")
    return value


def _command(raw: object) -> CommandApdu:
    if not isinstance(raw, str) or len(raw) > 2 * MAX_APDU_BYTES or _HEX.fullmatch(raw) is None:
        raise MalformedMessage("apdus", f"each at most {MAX_APDU_BYTES} bytes in upper-case hexadecimal digits")
    try:
        return CommandApdu.from_bytes(bytes.fromhex(raw))
    except MalformedCardData as error:
        raise MalformedMessage("apdus", error.reason) from None


def _status_words(words: object) -> tuple[int, ...]:
    if not isinstance(words, list) or not 1 <= len(words) <= MAX_EXPECTED:
        raise MalformedMessage("expected", f"1 to {MAX_EXPECTED} status words for each command")
    for word in words:
        if not isinstance(word, str) or _STATUS.fullmatch(word) is None:
            raise MalformedMessage("expected", "a status word is four upper-case hexadecimal digits")
    return tuple(int(word, 16) for word in words)
