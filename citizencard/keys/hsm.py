"""The questions that the city asks about its keys: `Hsm` is the one door to them. No answer is a key; each role has its own questions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal, Protocol

from hardware.card.apdu import CommandApdu
from hardware.card.crypto import TTI_LOAD

Realm = Literal["test", "production"]
"""Keys of the test realm are for emulated cards and refused in production."""

ALGORITHM_3DES: Final = 0
CHIP_SERIAL_BYTES: Final = 8
CARD_SERIAL_BYTES: Final = 10
TAC_INPUT_LENGTHS: Final = (22, 24)
"""A purchase's TAC input has 22 bytes, a load's 24."""


class KeyRole(StrEnum):
    """What a key is for. The comment names the key as the standards do, and the factors it is derived with."""

    TRANSPORT = "transport"  # KT: chip serial; what a blank card or PSAM is delivered with
    CARD_CONTROL = "card_control"  # CMK: chip serial
    APPLICATION_CONTROL = "application_control"  # AMK: city, card serial
    LOAD = "load"  # DLK: city, card serial
    PURCHASE = "purchase"  # DPK: city, card serial
    TAC = "tac"  # DTK: city, card serial
    INTERNAL = "internal"  # IAK: city, card serial
    APPLICATION_MAINTENANCE = "application_maintenance"  # DAMK: city, card serial; line protection, application block
    PIN_UNBLOCK = "pin_unblock"  # DPUK: city, card serial
    PIN_RELOAD = "pin_reload"  # DRPK: city, card serial
    OVERDRAFT = "overdraft"  # DUK: city, card serial
    UNLOAD = "unload"  # DULK: city, card serial
    GREY_UNLOCK = "grey_unlock"  # DUGK: city, card serial; fuel cards' on-line unlock
    SOCIAL_SECURITY = "social_security"  # update key of the social-security application: city, chip serial
    CARD_IDENTITY = "card_identity"  # IRK: certifies the 卡识别码 of a social-security card; city
    PSAM_CONTROL = "psam_control"  # a PSAM's CMK: chip serial
    PSAM_APPLICATION_CONTROL = "psam_application_control"  # a PSAM's AMK: chip serial
    PSAM_MAINTENANCE = "psam_maintenance"  # line protection of a PSAM's files: chip serial
    PSAM_PURCHASE = "psam_purchase"  # the purchase root itself: only as a secret written into a PSAM
    PERSONAL_DATA = "personal_data"  # AES-256: encrypted columns
    BLIND_INDEX = "blind_index"  # HMAC-SHA-256: look-up of encrypted columns
    AGENT_SIGNING = "agent_signing"  # Ed25519: steps for the reader agents of workstations
    HEAD_SIGNING = "head_signing"  # Ed25519: heads of the seals that leave the house


class HolderKind(StrEnum):
    """Which kind of chip holds a key: roots go into PSAMs, diversified keys into cards, never the other way."""

    CARD = "card"
    PSAM = "psam"


def _check_length(name: str, value: bytes, *lengths: int) -> None:
    """Raise ValueError naming the field, never its content."""
    if len(value) not in lengths:
        message = f"{name} has {len(value)} bytes, must have {' or '.join(map(str, lengths))}"
        raise ValueError(message)


def _check_announced(card_serial: bytes, random: bytes, terminal: bytes) -> None:
    """Raise ValueError for a length that no card and terminal announce."""
    _check_length("card serial", card_serial, CARD_SERIAL_BYTES)
    _check_length("random", random, 4)
    _check_length("terminal", terminal, 6)


@dataclass(frozen=True, slots=True)
class CardKeyHolder:
    """The chip that a key is derived for.

    Args:
        chip_serial: 8 bytes, the tail of the ATR.
        card_serial: application serial, 10 BCD bytes; None as long as the chip has none.
        kind: card or PSAM.
        key_version: version of the chip's own keys; None means the version that is written to new cards.
        transport_version: version of the batch transport master of a blank; None means the newest.
        purchase_version: of the purchase root in a PSAM, where it is not that of the PSAM's own keys.

    Raises:
        ValueError: a serial of another length.
    """

    chip_serial: bytes = field(repr=False)
    card_serial: bytes | None = field(default=None, repr=False)
    kind: HolderKind = HolderKind.CARD
    key_version: int | None = None
    transport_version: int | None = None
    purchase_version: int | None = None

    def __post_init__(self) -> None:
        """Hold the lengths."""
        _check_length("chip serial", self.chip_serial, CHIP_SERIAL_BYTES)
        if self.card_serial is not None:
            _check_length("card serial", self.card_serial, CARD_SERIAL_BYTES)


@dataclass(frozen=True, slots=True)
class TacQuestion:
    """Did this card sign this transaction?

    Args:
        card_serial: 10 bytes.
        key_version, algorithm: as the card named them.
        tac_input: exactly what a TAC covers: 22 bytes of a purchase, 24 of a load.
        tac: 4 bytes.
    """

    card_serial: bytes = field(repr=False)
    key_version: int
    algorithm: int
    tac_input: bytes = field(repr=False)
    tac: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Hold the lengths."""
        _check_length("card serial", self.card_serial, CARD_SERIAL_BYTES)
        _check_length("TAC input", self.tac_input, *TAC_INPUT_LENGTHS)
        _check_length("TAC", self.tac, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadMac1Question:
    """Is the answer to INITIALIZE FOR LOAD from the genuine card? Amounts in fen."""

    card_serial: bytes = field(repr=False)
    key_index: int
    key_version: int
    algorithm: int
    random: bytes = field(repr=False)
    online_seq: int
    old_balance_fen: int
    amount_fen: int
    tti: int = TTI_LOAD
    terminal: bytes
    mac1: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Hold the lengths."""
        _check_announced(self.card_serial, self.random, self.terminal)
        _check_length("MAC1", self.mac1, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadMac2Question:
    """The order to a card to credit itself. Date and time are 4 and 3 BCD bytes, Beijing time."""

    card_serial: bytes = field(repr=False)
    key_index: int
    key_version: int
    algorithm: int
    random: bytes = field(repr=False)
    online_seq: int
    amount_fen: int
    tti: int = TTI_LOAD
    terminal: bytes
    date: bytes
    time: bytes

    def __post_init__(self) -> None:
        """Hold the lengths."""
        _check_announced(self.card_serial, self.random, self.terminal)
        _check_length("date", self.date, 4)
        _check_length("time", self.time, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnloadMac1Question:
    """Is the answer to INITIALIZE FOR UNLOAD from the genuine card? Type 03; amounts in fen."""

    card_serial: bytes = field(repr=False)
    key_index: int
    key_version: int
    algorithm: int
    random: bytes = field(repr=False)
    online_seq: int
    old_balance_fen: int
    amount_fen: int
    terminal: bytes
    mac1: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Hold the lengths."""
        _check_announced(self.card_serial, self.random, self.terminal)
        _check_length("MAC1", self.mac1, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnloadMac2Question:
    """The order to a card to give money back (type 03). Date and time are 4 and 3 BCD bytes, Beijing time."""

    card_serial: bytes = field(repr=False)
    key_index: int
    key_version: int
    algorithm: int
    random: bytes = field(repr=False)
    online_seq: int
    amount_fen: int
    terminal: bytes
    date: bytes
    time: bytes

    def __post_init__(self) -> None:
        """Hold the lengths."""
        _check_announced(self.card_serial, self.random, self.terminal)
        _check_length("date", self.date, 4)
        _check_length("time", self.time, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnloadMac3Question:
    """Has the card carried this order out? Only MAC3 says so; it covers what the chip holds now.

    Args:
        order: the very question that MAC2 was made from.
        new_balance_fen: what must be left on the chip.
        mac3: 4 bytes.
    """

    order: UnloadMac2Question
    new_balance_fen: int
    mac3: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Hold the length."""
        _check_length("MAC3", self.mac3, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofPurchase:
    """A compound purchase of 0 fen by which a new card proves its keys; there is no amount, so it can never cost anything."""

    card_serial: bytes = field(repr=False)
    key_version: int
    algorithm: int
    random: bytes = field(repr=False)
    offline_seq: int
    terminal: bytes
    terminal_seq: int
    date: bytes
    time: bytes

    def __post_init__(self) -> None:
        """Hold the lengths."""
        _check_announced(self.card_serial, self.random, self.terminal)
        _check_length("date", self.date, 4)
        _check_length("time", self.time, 3)


@dataclass(frozen=True, slots=True)
class FieldContext:
    """The place of an encrypted value; a value moved to another place does not decrypt."""

    table: str
    column: str
    row_id: str

    def __post_init__(self) -> None:
        """Refuse what would make two places look alike."""
        if not all((self.table, self.column, self.row_id)) or "\0" in self.table + self.column + self.row_id:
            message = "table, column and row id must be given and hold no zero character"
            raise ValueError(message)

    def to_bytes(self) -> bytes:
        """The place as associated data: table 00 column 00 row id."""
        return f"{self.table}\0{self.column}\0{self.row_id}".encode()


class Hsm(Protocol):
    """The keys' keeper. No method may be called while a database transaction is open: a hardware module may take its time.

    Every method but `tacs_are_valid` raises `UnknownKeyVersion` for a version, index or algorithm that the keeper does not hold, and
    `KeyRoleRefused` for a role or holder that has no business in the question.
    """

    @property
    def realm(self) -> Realm:
        """Which realm the keys belong to."""
        ...

    def chip_key_versions(self) -> tuple[int, ...]:
        """Versions that chips in use may have, by the purchase key; the last is that of all keys of a new chip."""
        ...

    def tacs_are_valid(self, questions: Sequence[TacQuestion]) -> list[bool]:
        """Say for each record, in order, whether its TAC is good; an unknown key version or algorithm is False, not an error."""
        ...

    def load_mac1_is_valid(self, question: LoadMac1Question) -> bool:
        """Say whether the card that announces a load is genuine and its balance and counter are what it says."""
        ...

    def load_mac2(self, question: LoadMac2Question) -> bytes:
        """Compute the 4 bytes that make the card credit itself. The same question gives the same answer.

        The caller has committed the load and its money before: once MAC2 is out, the card may be credited.
        """
        ...

    def unload_mac1_is_valid(self, question: UnloadMac1Question) -> bool:
        """Say whether the card that announces an unload is genuine and its balance and counter are what it says."""
        ...

    def unload_mac2(self, question: UnloadMac2Question) -> bytes:
        """Compute the 4 bytes that make the card give money back. The same question gives the same answer.

        The caller has committed the unload before: once MAC2 is out, the card may be debited.
        """
        ...

    def unload_mac3_is_valid(self, question: UnloadMac3Question) -> bool:
        """Say whether the card has debited itself by this order."""
        ...

    def proof_purchase_mac1(self, question: ProofPurchase) -> bytes:
        """Compute MAC1, 4 bytes, of a compound purchase of 0 fen: the card accepts it only if it holds the right DPK."""
        ...

    def purchase_mac2_is_valid(self, question: ProofPurchase, mac2: bytes) -> bool:
        """Say whether the card answered the proof purchase with the right MAC2."""
        ...

    def card_proof_is_valid(self, card_serial: bytes, key_version: int, challenge8: bytes, answer8: bytes) -> bool:
        """Say whether the answer to INTERNAL AUTHENTICATE comes from this card (its IAK)."""
        ...

    def authentication(self, role: KeyRole, holder: CardKeyHolder, challenge8: bytes) -> bytes:
        """Answer a chip's challenge: the data field of EXTERNAL AUTHENTICATE, 8 bytes; for `SOCIAL_SECURITY` 16."""
        ...

    def protected_key_command(
        self, header: bytes, secret: KeyRole, under: KeyRole, holder: CardKeyHolder, challenge: bytes
    ) -> CommandApdu:
        """Build WRITE KEY (84 D4), which carries the holder's key of role `secret`, encrypted and MACed under that of role `under`.

        Args:
            header: P1 and P2: where the key is written.
            secret: which key is written.
            under: which key of the chip protects it.
            holder: the chip.
            challenge: the chip's fresh challenge, 4 bytes, or 8 where its dialect says so.
        """
        ...

    def protected_command(
        self, header: bytes, data: bytes, under: KeyRole, holder: CardKeyHolder, challenge: bytes
    ) -> CommandApdu:
        """Build a MACed command (line protection) of data that is no key: file updates, application block, a PIN record.

        Args:
            header: CLA INS P1 P2. `84 D4` takes a PIN record (type 3A) only, which is encrypted.
            data: the plain data.
            under: which key of the chip protects it.
            holder: the chip.
            challenge: the chip's fresh challenge, 4 bytes, or 8 where its dialect says so.
        """
        ...

    def card_identity_mac(self, identity12: bytes) -> bytes:
        """Certify the first 12 bytes of a social-security card's 卡识别码: its last 4 bytes."""
        ...

    def encrypt(self, context: FieldContext, plaintext: str) -> bytes:
        """Encrypt personal data for one place in the database: key version, nonce, AES-256-GCM."""
        ...

    def decrypt(self, context: FieldContext, ciphertext: bytes) -> str:
        """Undo `encrypt`; raises `CiphertextInvalid` for a value that was changed or comes from another place."""
        ...

    def blind_index(self, field: str, normalised: str) -> bytes:
        """Fingerprint of a normalised value for exact look-up: key version and HMAC-SHA-256 over field 00 value, 33 bytes."""
        ...

    def sign_agent_step(self, message: bytes) -> bytes:
        """Sign a step for a reader agent (Ed25519, 64 bytes; hardware/agent/README.md), and nothing else (`KeyRoleRefused`)."""
        ...

    def agent_signing_key(self) -> bytes:
        """The public key, 32 bytes, that agents check steps with."""
        ...

    def sign_head(self, message: bytes) -> bytes:
        """Sign the head of the seals (Ed25519, RFC 8032, 64 bytes); the format is in ledger/README.md.

        Nothing else is signed: `KeyRoleRefused` for another message.
        """
        ...

    def head_signing_key(self) -> bytes:
        """The public key, 32 bytes, that auditors check heads with."""
        ...

    def blank_transport_key(self, chip_serial: bytes) -> bytes:
        """Transport key of a blank, to play the card maker; test realm only, raises `RealmRefused` in production."""
        ...
