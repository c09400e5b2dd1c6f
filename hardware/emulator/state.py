"""The running chip: its memory, what power loss forgets, and how a handler refuses.

Volatile are the selected files, the security registers, the challenge, a begun transaction with its cached records, and an
answer waiting for GET RESPONSE. Everything else is in the card image and changes only through the journal.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from hardware.card.algorithm import SM4, TRIPLE_DES, Algorithm, algorithm_of
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.psam_cipher import KeyPurpose
from hardware.card.status import StatusWord
from hardware.emulator.file_system import DedicatedFile, ElementaryFile, KeyRecord, Structure
from hardware.emulator.image import CardImage
from hardware.emulator.journal import Journal

MAX_LE = 256
_SFI_FLAG = 0x80


class Refused(Exception):
    """A command ends with this status word and changes nothing but what the journal already holds (error counters)."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


class WrongLe(Exception):
    """The command was not carried out: Le must be `length`. State stays as it was, the host sends it again."""

    def __init__(self, length: int) -> None:
        super().__init__(str(length))
        self.length = length


@dataclass(frozen=True, slots=True)
class CachedRecord:
    """A record that a compound purchase will write: UPDATE CAPP DATA CACHE, kept in RAM until DEBIT."""

    file_id: int
    number: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class BegunTransaction:
    """What an INITIALIZE leaves for the command that completes it."""

    purse: int
    type: int
    amount_fen: int
    terminal: bytes
    sequence: int
    random: bytes
    key: KeyRecord
    cache: tuple[CachedRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class BegunSamPurchase:
    """What 8070 leaves for 8072: the session key and amount that MAC2 must prove."""

    session_key: bytes = field(repr=False)
    algorithm: Algorithm
    amount_fen: int
    sequence: int


@dataclass(frozen=True, slots=True)
class BegunCipher:
    """What INIT FOR DESCRYPT leaves for DES CRYPT: the derived key, what it may do, and blocks that wait for more."""

    key: bytes = field(repr=False)
    purpose: KeyPurpose
    held: bytes = field(default=b"", repr=False)
    initial: bytes = bytes(8)


@dataclass(slots=True)
class Volatile:
    """RAM: gone at reset."""

    path: list[DedicatedFile]
    file_id: int | None = None
    master_state: int = 0
    directory_state: int = 0
    challenge: bytes | None = None
    begun: BegunTransaction | None = None
    begun_sam: BegunSamPurchase | None = None
    begun_cipher: BegunCipher | None = None
    waiting: bytes | None = field(default=None, repr=False)


@dataclass(slots=True)
class Chip:
    """One powered chip, as its command handlers see it."""

    image: CardImage
    random: Callable[[int], bytes]
    journal: Journal = field(default_factory=Journal)
    ram: Volatile = field(init=False)

    def __post_init__(self) -> None:
        self.power_on()

    def power_on(self) -> None:
        """Start with the master file selected and nothing remembered."""
        self.journal.discard()
        self.ram = Volatile([self.image.master_file])

    @property
    def directory(self) -> DedicatedFile:
        """The current DF."""
        return self.ram.path[-1]

    def commit(self) -> None:
        """Make true what the command has staged: its one commit point.

        Raises:
            OSError: the image file could not be written; the old state is in force.
        """
        self.journal.commit(self.image.save)

    def commit_tries(self) -> None:
        """Make a counter of tries true at once, in the middle of a command: down before its check, up after a good one.

        The file is written but not forced to the disk: a killed process has still spent its try.

        Raises:
            OSError: as `commit`.
        """
        self.journal.commit(self.image.save_unforced)

    @property
    def protection(self) -> Algorithm:
        """The algorithm of keys whose record names none: line protection, authentication, PIN keys."""
        options = self.image.options
        return algorithm_of(SM4 if options.protection == "sm4" else TRIPLE_DES, options.dialect)

    def enter(self, path: list[DedicatedFile]) -> None:
        """Select a DF: its own security state starts at zero, the master file's stays until that one is selected again."""
        self.ram.path = path
        self.ram.file_id = None
        self.ram.directory_state = 0
        self.ram.begun_sam = None
        self.ram.begun_cipher = None
        if len(path) == 1:
            self.ram.master_state = 0

    def state(self) -> int:
        """Security state of the current DF."""
        return self.ram.master_state if len(self.ram.path) == 1 else self.ram.directory_state

    def reach_state(self, state: int) -> None:
        """Set the security state of the current DF."""
        if len(self.ram.path) == 1:
            self.ram.master_state = state
        else:
            self.ram.directory_state = state

    def allows(self, permission: int) -> bool:
        """Whether permission byte XY is satisfied: Y ≤ state ≤ X of the current DF; X = 0 asks the master file for ≥ Y.

        F0 is free, F1 wants any authentication, EF is never.
        """
        highest, lowest = permission >> 4, permission & 0x0F
        if highest == 0:
            return self.ram.master_state >= lowest
        return lowest <= self.state() <= highest

    def require(self, permission: int) -> None:
        """Refuse with 6982 unless the permission is satisfied."""
        if not self.allows(permission):
            raise Refused(StatusWord.SECURITY_STATUS)

    def addressed_file(self, sfi: int) -> ElementaryFile:
        """The EF with this SFI, or the current EF for 0; 6A82 or 6986 when there is none. The caller makes it current."""
        if sfi:
            found = self.directory.file_by_sfi(sfi)
            if found is None:
                raise Refused(StatusWord.FILE_NOT_FOUND)
            return found
        current = self.directory.files.get(self.ram.file_id) if self.ram.file_id is not None else None
        if current is None:
            raise Refused(StatusWord.NO_CURRENT_FILE)
        return current

    def binary_file(self, command: CommandApdu) -> tuple[ElementaryFile, int]:
        """File and offset that READ or UPDATE BINARY names in P1 P2."""
        if command.p1 & _SFI_FLAG:
            file, offset = self.addressed_file(command.p1 & 0x1F), command.p2
        else:
            file, offset = self.addressed_file(0), command.p1 << 8 | command.p2
        if file.structure is not Structure.BINARY:
            raise Refused(StatusWord.FILE_TYPE_MISMATCH)
        return file, offset

    def record_file(self, sfi: int) -> ElementaryFile:
        """Record file with this SFI, or the current one for 0."""
        file = self.addressed_file(sfi)
        if file.structure is Structure.BINARY:
            raise Refused(StatusWord.FILE_TYPE_MISMATCH)
        return file


def answer(command: CommandApdu, data: bytes = b"") -> ResponseApdu:
    """9000 with `data`, if Le lets it: no Le and Le 00 take any length.

    Raises:
        WrongLe: another Le was sent.
    """
    if command.le not in {None, MAX_LE, len(data)}:
        raise WrongLe(len(data))
    return ResponseApdu(data, StatusWord.OK)


def require_length(command: CommandApdu, length: int) -> None:
    """Refuse with 6700 unless the command has exactly this much data."""
    if len(command.data) != length:
        raise Refused(StatusWord.WRONG_LENGTH)


def require_le(command: CommandApdu, length: int) -> None:
    """Before anything changes: 6Cxx unless Le is absent, 00 or the length of the answer to come."""
    if command.le not in {None, MAX_LE, length}:
        raise WrongLe(length)


def require_parameters(command: CommandApdu, p1: int, p2: int) -> None:
    """Refuse with 6A86 unless P1 and P2 are these."""
    if (command.p1, command.p2) != (p1, p2):
        raise Refused(StatusWord.WRONG_P1P2)
