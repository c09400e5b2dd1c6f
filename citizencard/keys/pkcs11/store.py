"""The keys of a token as custodians work with them: what is there, new versions, roots that are brought, states, and destruction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn, Self, TypeVar, final

import pkcs11

from citizencard.config import TokenPlace
from citizencard.keys import admission
from citizencard.keys.derivation import DEFAULT_CITY, algorithm_of
from citizencard.keys.errors import (
    CheckValueWrong,
    KeyNotExportable,
    KeyStateRefused,
    RealmRefused,
    TokenNotEmpty,
    TransferTampered,
    UnknownKeyVersion,
)
from citizencard.keys.hsm import KeyRole, Realm
from citizencard.keys.keyring import FIRST_INDEX, FIRST_STATES, FIRST_VERSION, NEXT_STATES, STORED_ROLES
from citizencard.keys.pkcs11 import making, objects
from citizencard.keys.pkcs11.connection import TokenConnection
from citizencard.keys.pkcs11.making import Made
from citizencard.keys.pkcs11.objects import Name
from citizencard.keys.pkcs11.ring import TokenRing, load_ring
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.transport import WrappedKey, unwrap_key
from citizencard.keys.vault_file import KeyInfo, KeyState

Answer = TypeVar("Answer")
Maker = Callable[[pkcs11.Session, frozenset[bytes]], Made]


@dataclass(frozen=True, slots=True)
class TokenTerms:
    """How a city's keys are made in an empty token.

    Args:
        masters: roots to take over, by role; the others are drawn by the token.
        city: four digits; its factor stands between root and card.
        test_vaults: vault files of the test realm: none of their keys is taken into production, by check value.
    """

    masters: Mapping[KeyRole, bytes] = field(default_factory=dict, repr=False)
    city: str = DEFAULT_CITY
    test_vaults: tuple[Path, ...] = ()


@final
class TokenStore:
    """The city's keys in a token. Made by `create` or `open`; shows check values only, and cannot be pickled or copied."""

    __slots__ = ("_connection", "_place")

    def __init__(self, place: TokenPlace) -> None:
        self._place = place
        self._connection = TokenConnection(place, load_ring)

    @classmethod
    def create(cls, place: TokenPlace, realm: Realm, terms: TokenTerms) -> Self:
        """Make a key of every role, version 1, in a token that is initialised and holds no city's keys yet.

        Raises:
            TokenNotEmpty: it holds a city's keys, or what is left of an attempt; the security officer initialises it again.
            KnownTestKeyRefused: production, and a root to take over is known from tests; nothing was made.
            ValueError: a root of another length, or the city is not four digits.
            TokenError: as `open`.
        """
        objects.decode_head(objects.encode_head(realm, terms.city))
        refused = admission.refused_check_values(realm, terms.test_vaults)
        masters = {role: SecretKey(algorithm_of(role), material) for role, material in terms.masters.items()}
        for role, key in masters.items():
            admission.refuse_known(role, key.check_value, refused)

        def fill(session: pkcs11.Session, _: None) -> None:
            if objects.objects_of(session):
                raise TokenNotEmpty("the token holds keys of a city already")
            making.make_wrapping_key(session)
            for role in STORED_ROLES:
                name = Name(role, FIRST_INDEX, FIRST_VERSION, realm, KeyState.ACTIVE)
                key = masters.get(role)
                made = making.take_over(session, role, key, refused) if key else making.draw(session, role, refused)
                making.store(session, name, made)
            # The head comes last: a token without one holds no city.
            session.create_object(objects.data_template(objects.HEAD_LABEL, objects.encode_head(realm, terms.city)))

        TokenConnection(place, _nothing).change(_nothing, fill)
        return cls.open(place, realm)

    @classmethod
    def open(cls, place: TokenPlace, realm: Realm | None = None) -> Self:
        """Log in to a token.

        Args:
            place: the token.
            realm: which realm this process works in; None takes the token's.

        Raises:
            VaultMissing, VaultExposed, VaultMalformed: the PIN file cannot be read, or others can read it.
            TokenModuleMissing, TokenMissing, TokenPinWrong, TokenPinLocked, TokenInUse, TokenFailed: the token cannot be entered.
            TokenEmpty, TokenMalformed: it holds no city's keys, or other things than this version reads.
            RealmRefused: it belongs to another realm.
            KnownTestKeyRefused: a production token holds a key that is known from tests.
        """
        store = cls(place)
        found = store.realm
        if realm is not None and found != realm:
            raise RealmRefused(f"the token belongs to the realm {found}, this process to {realm}")
        return store

    def ask(self, question: Callable[[TokenRing], Answer]) -> Answer:
        """Ask the keys themselves; see `TokenConnection.ask`."""
        return self._connection.ask(question)

    @property
    def realm(self) -> Realm:
        """Realm of the token and of all its keys."""
        return self.ask(lambda ring: ring.realm)

    @property
    def city(self) -> str:
        """Four digits."""
        return self.ask(lambda ring: ring.city)

    def inventory(self) -> tuple[KeyInfo, ...]:
        """All keys by role, index and version, destroyed ones too; check values are the token's own."""
        return self.ask(lambda ring: ring.infos)

    def add_version(self, role: KeyRole, index: int = FIRST_INDEX, state: KeyState = KeyState.ACTIVE) -> KeyInfo:
        """Let the token draw a new key of a role beside the older ones; new chips get it from now on.

        Raises:
            KeyStateRefused: there are 255 versions already, the role has no key of its own, or the index is no byte.
        """
        return self._add(role, index, state, lambda session, refused: making.draw(session, role, refused))

    def install(
        self, role: KeyRole, material: bytes, index: int = FIRST_INDEX, state: KeyState = KeyState.ACTIVE
    ) -> KeyInfo:
        """Take over a key, as a ceremony has put it together, as the newest version of its role.

        Raises:
            KeyStateRefused: as `add_version`.
            KnownTestKeyRefused: production, and it is known from tests.
            ValueError: of another length.
        """
        key = SecretKey(algorithm_of(role), material)
        return self._add(role, index, state, lambda session, refused: making.take_over(session, role, key, refused))

    def install_wrapped(
        self,
        role: KeyRole,
        wrapped: WrappedKey,
        transport: SecretKey,
        index: int = FIRST_INDEX,
        state: KeyState = KeyState.ACTIVE,
    ) -> KeyInfo:
        """Take over a card key that is in clear nowhere but in the sender's token and in this one, as the newest version of its role.

        Keys that are no card keys are unwrapped in this process, as a ceremony's.

        Raises:
            TransferTampered: the transport key is wrong, or what came was changed.
            CheckValueWrong: it is not the key of the sender's paper.
            KeyStateRefused, KnownTestKeyRefused: as `install`.
            ValueError: the transport key is not AES-256.
        """
        if algorithm_of(role) is not KeyAlgorithm.TRIPLE_DES:
            return self.install(role, unwrap_key(transport, algorithm_of(role), wrapped).reveal(), index, state)

        def unwrap(session: pkcs11.Session, refused: frozenset[bytes]) -> Made:
            try:
                made = making.unwrap(session, role, wrapped.wrapped, transport, refused)
            except (pkcs11.WrappedKeyInvalid, pkcs11.WrappedKeyLenRange, pkcs11.GeneralError, pkcs11.FunctionFailed):
                raise TransferTampered("the transport key does not open the key that came") from None
            if made.check_value != wrapped.check_value:
                made.handle.destroy()
                raise CheckValueWrong("the key that came does not have the check value of its paper", role=str(role))
            return made

        return self._add(role, index, state, unwrap)

    def export_wrapped(self, key_id: str, transport: SecretKey) -> bytes:
        """The purchase root under a transport key: its copy is unwrapped and wrapped again inside the token.

        Raises:
            UnknownKeyVersion: no such key, or it is destroyed.
            KeyNotExportable: any other key; it was made never to leave.
            ValueError: the transport key is not AES-256.
        """

        def export(ring: TokenRing) -> bytes:
            key = ring.keys.get(key_id)
            if key is None:
                raise UnknownKeyVersion(f"there is no key {key_id}")
            if not key.psam_copy:
                raise KeyNotExportable(f"the key {key_id} is in a token and does not leave it")
            return making.wrap_copy(ring.session, key.psam_copy, transport)

        return self.ask(export)

    def random(self, length: int) -> bytes:
        """So many bytes of the token's random source."""
        return self.ask(lambda ring: bytes(ring.session.generate_random(8 * length)))

    def add_missing(self) -> tuple[KeyInfo, ...]:
        """Draw a first key of every role that came into the world after this token's keys; nothing else changes.

        Returns:
            The new keys; none the second time. A role whose keys are all destroyed is not missing.
        """
        there = {info.role for info in self.inventory()}
        return tuple(self.add_version(role) for role in STORED_ROLES if role not in there)

    def set_state(self, key_id: str, state: KeyState) -> KeyInfo:
        """Bring a key into another state of its life, or destroy a retired one for good.

        Raises:
            UnknownKeyVersion: no such key.
            KeyStateRefused: an active key is not destroyed at once, and a destroyed one never comes back.
        """

        def check(ring: TokenRing) -> None:
            info = next((info for info in ring.infos if info.key_id == key_id), None)
            if info is None:
                raise UnknownKeyVersion(f"there is no key {key_id}")
            if state not in NEXT_STATES[info.state]:
                raise KeyStateRefused(f"a key that is {info.state} does not become {state}", key_id=key_id)

        def change(session: pkcs11.Session, ring: TokenRing) -> KeyInfo:
            key = ring.keys[key_id]
            name = replace(key.name, state=state)
            if state is KeyState.DESTROYED:
                # The mark first: a key that has one counts as destroyed, whatever happens to this process.
                session.create_object(objects.data_template(name.label, key.info.check_value))
                making.destroy(session, key.name, key.root)
            else:
                key.root[pkcs11.Attribute.LABEL] = name.label
            return replace(key.info, state=state)

        return self._connection.change(check, change)

    def close(self) -> None:
        """Log out; the next question logs in again."""
        self._connection.close()

    def _add(self, role: KeyRole, index: int, state: KeyState, make: Maker) -> KeyInfo:
        def check(ring: TokenRing) -> int:
            versions = [info.version for info in ring.infos if info.role is role and info.index == index]
            version = max(versions, default=0) + 1
            one_byte = version in objects.ONE_BYTE and index in objects.ONE_BYTE
            if role not in STORED_ROLES or not one_byte or state not in FIRST_STATES:
                raise KeyStateRefused(f"there is no further version of {role}", role=str(role))
            return version

        def change(session: pkcs11.Session, ring: TokenRing) -> KeyInfo:
            name = Name(role, index, check(ring), ring.realm, state)
            made = make(session, admission.refused_check_values(ring.realm))
            return making.store(session, name, made)

        return self._connection.change(check, change)

    def __repr__(self) -> str:
        """The token's label; no question is asked for it."""
        return f"TokenStore({self._place.label})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be pickled or copied.

        Raises:
            TypeError: always.
        """
        message = "a token is not pickled"
        raise TypeError(message)


def _nothing(_: object) -> None:
    """Nothing is looked up in a token that is to be filled."""
