"""A key from components: each is brought by another person, none of them knows the key, and nothing is kept but check values.

The key is the exclusive or of its components. What is put together lies in one buffer that is overwritten when the ceremony ends, however
it ends. Who the people are, the caller has made sure of; here they are told apart by their person id, never by a login.
"""

import hmac
from collections.abc import Callable
from typing import Final, NoReturn, Self, final

from citizencard.keys.admission import refuse_known, refused_check_values
from citizencard.keys.errors import CeremonyOver, CheckValueWrong, ComponentMalformed, CustodianRepeated, KeyWeak
from citizencard.keys.hsm import KeyRole, Realm
from citizencard.keys.secret import KeyAlgorithm, SecretKey

MIN_PEOPLE: Final = 2
MAX_PEOPLE: Final = 3
MAX_DRAWS: Final = 16
HALF_BYTES: Final = 8
_WEAK: Final = bytes.fromhex(
    "0101010101010101 FEFEFEFEFEFEFEFE E0E0E0E0F1F1F1F1 1F1F1F1F0E0E0E0E"
    "011F011F010E010E 1F011F010E010E01 01E001E001F101F1 E001E001F101F101"
    "01FE01FE01FE01FE FE01FE01FE01FE01 1FE01FE00EF10EF1 E01FE01FF10EF10E"
    "1FFE1FFE0EFE0EFE FE1FFE1FFE0EFE0E E0FEE0FEF1FEF1FE FEE0FEE0FEF1FEF1"
)
_WEAK_HALVES: Final = frozenset(_WEAK[start : start + HALF_BYTES] for start in range(0, len(_WEAK), HALF_BYTES))
"""The weak and semi-weak keys of DES (NIST SP 800-67), with odd parity."""


def with_odd_parity(material: bytes) -> bytes:
    """The same DES key with the last bit of each byte set for odd parity; the cipher does not look at that bit."""
    return bytes((byte & 0xFE) | (1 ^ ((byte >> 1).bit_count() & 1)) for byte in material)


def refuse_weak(key: SecretKey) -> None:
    """Refuse a key that the cipher or its user has made simple.

    Raises:
        KeyWeak: one byte repeated; of triple DES also equal halves or a weak half.
    """
    material = key.reveal()
    weak = len(set(material)) == 1
    if key.algorithm is KeyAlgorithm.TRIPLE_DES:
        even = with_odd_parity(material)
        halves = {even[:HALF_BYTES], even[HALF_BYTES:]}
        weak = weak or len(halves) == 1 or bool(halves & _WEAK_HALVES)
    if weak:
        raise KeyWeak("the key or component is one that the cipher is weak with")


def parse_component(algorithm: KeyAlgorithm, text: str, *, parity: bool = True) -> SecretKey:
    """Read a component as somebody typed it: spaces and dashes do not matter.

    Args:
        algorithm: of the key.
        text: hexadecimal digits.
        parity: a component of a DES key has odd parity in each byte, by which most wrong digits are noticed.

    Raises:
        ComponentMalformed: another length, no digits, or wrong parity; says nothing of the content.
    """
    digits = "".join(text.split()).replace("-", "")
    try:
        material = bytes.fromhex(digits)
    except ValueError:
        raise ComponentMalformed("a component has hexadecimal digits only") from None
    if len(material) != algorithm.key_bytes:
        raise ComponentMalformed(f"a component of {algorithm} has {2 * algorithm.key_bytes} digits")
    if parity and algorithm is KeyAlgorithm.TRIPLE_DES and with_odd_parity(material) != material:
        raise ComponentMalformed("a byte of the component has even parity: a digit is wrong")
    return SecretKey(algorithm, material)


def new_component(algorithm: KeyAlgorithm, random: Callable[[int], bytes]) -> SecretKey:
    """Draw a component, for DES with odd parity.

    Raises:
        KeyWeak: the random source gives weak keys only.
    """
    for _ in range(MAX_DRAWS):
        material = random(algorithm.key_bytes)
        if algorithm is KeyAlgorithm.TRIPLE_DES:
            material = with_odd_parity(material)
        component = SecretKey(algorithm, material)
        try:
            refuse_weak(component)
        except KeyWeak:
            continue
        return component
    raise KeyWeak("the random source gives weak keys only")


@final
class Ceremony:
    """One key that comes about. Use it as a context manager: whatever happens, the buffer is overwritten at the end.

    Args:
        role: what the key is for; None for a transport key, which no keeper keeps.
        algorithm: of the key.
        realm: of the keeper; in production nothing that is known from tests gets in.
        people: how many components there are, 2 or 3.

    Raises:
        ValueError: another number of people.
    """

    __slots__ = ("_algorithm", "_buffer", "_check_values", "_people", "_realm", "_role", "_wanted")

    def __init__(self, role: KeyRole | None, algorithm: KeyAlgorithm, realm: Realm, people: int) -> None:
        if people not in range(MIN_PEOPLE, MAX_PEOPLE + 1):
            message = f"a key has {MIN_PEOPLE} or {MAX_PEOPLE} components"
            raise ValueError(message)
        self._role = role
        self._algorithm = algorithm
        self._realm = realm
        self._wanted = people
        self._people: list[str] = []
        self._check_values: list[bytes] = []
        self._buffer: bytearray | None = bytearray(algorithm.key_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()

    @property
    def people(self) -> tuple[str, ...]:
        """Who has brought a component so far, in order."""
        return tuple(self._people)

    @property
    def check_values(self) -> tuple[bytes, ...]:
        """Check values of the components so far, in order, 3 bytes each."""
        return tuple(self._check_values)

    @property
    def algorithm(self) -> KeyAlgorithm:
        """Of the key and of each component."""
        return self._algorithm

    @property
    def wanted(self) -> int:
        """How many people bring a component."""
        return self._wanted

    def admit(self, person_id: str) -> None:
        """Refuse somebody who has brought a component already; ask before the component is typed.

        Raises:
            CustodianRepeated: by person, under whatever login.
            CeremonyOver: all are there, or it has ended.
        """
        if self._buffer is None or len(self._people) >= self._wanted:
            raise CeremonyOver("no component is wanted any more")
        if person_id in self._people:
            raise CustodianRepeated("this person has brought a component already")

    def contribute(self, person_id: str, component: SecretKey, paper: bytes) -> None:
        """Add a person's component.

        Args:
            person_id: who brings it.
            component: of the key's algorithm.
            paper: the check value that stands on the component's paper, 3 bytes.

        Raises:
            CheckValueWrong: the component is not the paper's; it may be typed again.
            KeyWeak: it is weak, or the same as another one, which would cancel both.
            KnownTestKeyRefused: production, and it is known from tests.
            CustodianRepeated, CeremonyOver: as `admit`.
            ValueError: of another algorithm.
        """
        self.admit(person_id)
        if component.algorithm is not self._algorithm:
            message = f"the component is not of {self._algorithm}"
            raise ValueError(message)
        if not hmac.compare_digest(component.check_value, paper):
            raise CheckValueWrong("the component does not have the check value of its paper", role=self._name)
        self._refuse(component)
        if component.check_value in self._check_values:
            raise KeyWeak("two equal components cancel each other")
        buffer = self._open_buffer()
        for place, byte in enumerate(component.reveal()):
            buffer[place] ^= byte
        self._people.append(person_id)
        self._check_values.append(component.check_value)

    def key(self) -> SecretKey:
        """The key, when all components are there; of DES with odd parity. The caller hands it to the keeper and drops it.

        Raises:
            CeremonyOver: a component is missing, or the ceremony has ended.
            KeyWeak, KnownTestKeyRefused: the components give a key that is not let in.
        """
        buffer = self._open_buffer()
        if len(self._people) != self._wanted:
            raise CeremonyOver(f"{self._wanted - len(self._people)} components are missing")
        material = bytes(buffer)
        if self._algorithm is KeyAlgorithm.TRIPLE_DES:
            material = with_odd_parity(material)
        key = SecretKey(self._algorithm, material)
        self._refuse(key)
        return key

    def abort(self) -> None:
        """End the ceremony and overwrite what was put together; ending it twice is no matter."""
        if self._buffer is not None:
            self._buffer[:] = bytes(len(self._buffer))
            self._buffer = None

    @property
    def _name(self) -> str:
        return str(self._role or "transport key")

    def _open_buffer(self) -> bytearray:
        if self._buffer is None:
            raise CeremonyOver("the ceremony has ended")
        return self._buffer

    def _refuse(self, key: SecretKey) -> None:
        refuse_weak(key)
        if self._realm == "production":
            refuse_known(self._role or KeyRole.TRANSPORT, key.check_value, refused_check_values(self._realm))

    def __repr__(self) -> str:
        """How far it is."""
        return f"Ceremony({self._name}, {len(self._people)} of {self._wanted})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be pickled or copied.

        Raises:
            TypeError: always.
        """
        message = "a ceremony is not pickled"
        raise TypeError(message)
