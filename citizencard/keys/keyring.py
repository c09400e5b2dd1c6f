"""The opened vault file: which roots there are, their life, and the copy of each that is already diversified for the city."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NoReturn, Self, final

from citizencard.keys import admission, vault_file
from citizencard.keys.derivation import DEFAULT_CITY, algorithm_of, derived, stored_role, upper_factors
from citizencard.keys.errors import (
    KeyStateRefused,
    RealmRefused,
    UnknownKeyVersion,
    VaultTampered,
)
from citizencard.keys.hsm import KeyRole, Realm
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.shares import Share, join_key, split_key
from citizencard.keys.transport import wrap_key
from citizencard.keys.vault_file import ANSWERING, KeyInfo, KeyState, VaultFile
from citizencard.keys.wrapping import KdfCost, unwrap, wrap

FIRST_VERSION: Final = 1
ONE_BYTE: Final = range(1, 0x100)
"""Versions and indexes, as cards name them."""
FIRST_INDEX: Final = 1
SERVICE: Final = "service"
STORED_ROLES: Final = tuple(role for role in KeyRole if stored_role(role) is role)
"""Every role but the PSAM's purchase root, which is the purchase root itself."""

NEXT_STATES: Final = {
    KeyState.GENERATED: frozenset({KeyState.ACTIVE, KeyState.RETIRED}),
    KeyState.ACTIVE: frozenset({KeyState.RETIRING, KeyState.RETIRED}),
    KeyState.RETIRING: frozenset({KeyState.ACTIVE, KeyState.RETIRED}),
    KeyState.RETIRED: frozenset({KeyState.ACTIVE, KeyState.RETIRING, KeyState.DESTROYED}),
    KeyState.DESTROYED: frozenset[KeyState](),
}
"""What may become of a key, in every keeper."""
FIRST_STATES: Final = frozenset({KeyState.GENERATED, KeyState.ACTIVE})


@dataclass(frozen=True, slots=True)
class VaultTerms:
    """How a new vault is made.

    Args:
        masters: roots to take over, by role; the others are drawn at random.
        city: four digits; its factor stands between root and card.
        cost: of the passphrase's derivation.
        test_vaults: vault files of the test realm: none of their keys is taken into production, by check value.
    """

    masters: Mapping[KeyRole, bytes] = field(default_factory=dict, repr=False)
    city: str = DEFAULT_CITY
    cost: KdfCost = field(default_factory=KdfCost)
    test_vaults: tuple[Path, ...] = ()


@final
class KeyRing:
    """The roots of an opened vault.

    Made by `create` or `open`; shows only descriptions and check values, and cannot be pickled or copied.
    """

    __slots__ = ("_content", "_kek", "_path", "_roots", "_states", "_upper")

    def __init__(self, path: Path, kek: SecretKey, content: VaultFile, roots: Mapping[str, SecretKey]) -> None:
        self._path = path
        self._kek = kek
        self._content = content
        self._states = _states_of(content)
        self._roots = dict(roots)
        self._upper: dict[str, SecretKey] = {}
        self._diversify_for_city()

    @classmethod
    def create(cls, path: Path, realm: Realm, passphrase: str, terms: VaultTerms) -> Self:
        """Make a vault file with one key of every role, version 1, and open it.

        Raises:
            VaultExists: there is a file.
            WrongPassphrase: the passphrase is too short.
            KnownTestKeyRefused: production, and a root to take over is known from tests.
            ValueError: a root of another length, or the city is not four digits.
        """
        if len(terms.city) != len(DEFAULT_CITY) or not (terms.city.isascii() and terms.city.isdigit()):
            message = "the city has four digits"
            raise ValueError(message)
        refused = admission.refused_check_values(realm, terms.test_vaults)
        kek = SecretKey(KeyAlgorithm.AES_256, os.urandom(KeyAlgorithm.AES_256.key_bytes))
        content = VaultFile(realm, terms.city, (), ())
        content = replace(content, wrappings=(wrap(kek, [(SERVICE, passphrase)], terms.cost, content.head()),))
        sealed: list[vault_file.SealedKey] = []
        roots: dict[str, SecretKey] = {}
        for role in STORED_ROLES:
            key = _taken_over(role, terms.masters, refused) or admission.drawn(algorithm_of(role), refused)
            info = _new_info(role, FIRST_VERSION, key, realm)
            sealed.append(vault_file.seal_key(kek, info, key))
            roots[info.key_id] = key
        content = vault_file.sealed_file(kek, replace(content, keys=tuple(sealed)))
        vault_file.write(path, content, new=True)
        return cls(path, kek, content, roots)

    @classmethod
    def open(cls, path: Path, passphrase: str, realm: Realm | None = None) -> Self:
        """Open a vault file.

        Args:
            path: the file.
            passphrase: of its service custodian.
            realm: which realm this process works in; None takes the file's.

        Raises:
            VaultMissing, VaultExposed, VaultMalformed: the file cannot be read, or others can read it.
            RealmRefused: the vault belongs to another realm, or holds a key of another one.
            WrongPassphrase: the passphrase does not open it.
            VaultTampered: it was changed from outside.
            KnownTestKeyRefused: a production vault holds a key that is known from tests.
        """
        content = vault_file.read(path)
        if realm is not None and content.realm != realm:
            raise RealmRefused(f"the vault belongs to the realm {content.realm}, this process to {realm}")
        kek = unwrap(content.wrappings[0], [passphrase], content.head())
        roots = {
            sealed.info.key_id: vault_file.open_key(kek, sealed)
            for sealed in content.keys
            if sealed.info.state is not KeyState.DESTROYED
        }
        vault_file.check_seal(kek, content)
        refused = admission.refused_check_values(content.realm)
        for sealed in content.keys:
            if sealed.info.realm != content.realm:
                raise RealmRefused(f"the key {sealed.info.key_id} belongs to the realm {sealed.info.realm}")
            admission.refuse_known(sealed.info.role, sealed.info.check_value, refused)
        if len({sealed.info.key_id for sealed in content.keys}) != len(content.keys):
            raise VaultTampered("the vault holds two keys of one id")
        return cls(path, kek, content, roots)

    @property
    def realm(self) -> Realm:
        """Realm of the vault and of all its keys."""
        return self._content.realm

    @property
    def city(self) -> str:
        """Four digits."""
        return self._content.city

    def inventory(self) -> tuple[KeyInfo, ...]:
        """All keys, destroyed ones too, without the keys."""
        return tuple(sealed.info for sealed in self._content.keys)

    def add_version(self, role: KeyRole, index: int = FIRST_INDEX, state: KeyState = KeyState.ACTIVE) -> KeyInfo:
        """Draw a new key of a role beside the older ones; new chips get it from now on. Saved before it is used.

        Raises:
            KeyStateRefused: there are 255 versions already, the role has no key of its own, or the index is no byte.
        """
        key = admission.drawn(algorithm_of(role), admission.refused_check_values(self.realm))
        return self._add(role, key, index, state)

    def install(
        self, role: KeyRole, material: bytes, index: int = FIRST_INDEX, state: KeyState = KeyState.ACTIVE
    ) -> KeyInfo:
        """Take over a key, as a ceremony has put it together, as the newest version of its role. Saved before it is used.

        Raises:
            KeyStateRefused: as `add_version`.
            KnownTestKeyRefused: production, and it is known from tests.
            ValueError: of another length.
        """
        key = SecretKey(algorithm_of(role), material)
        admission.refuse_known(role, key.check_value, admission.refused_check_values(self.realm))
        return self._add(role, key, index, state)

    def exported(self, key_id: str, transport: SecretKey) -> bytes:
        """A living key under a transport key (RFC 3394).

        Raises:
            UnknownKeyVersion: no such key, or it is destroyed.
        """
        if key_id not in self._roots:
            raise UnknownKeyVersion(f"there is no key {key_id}")
        return wrap_key(transport, self._roots[key_id])

    def shared(self, threshold: int, count: int) -> tuple[Share, ...]:
        """The key that the file is encrypted with, as backup shares; see `split_key`."""
        return split_key(self._kek, threshold, count)

    @classmethod
    def recover(cls, path: Path, shares: Sequence[Share], passphrase: str, cost: KdfCost | None = None) -> Self:
        """Open a vault file by backup shares instead of its passphrase, and put it under a new passphrase.

        Raises:
            SharesDoNotFit, CheckValueWrong: the shares do not give a key.
            VaultTampered: the key is not this file's, or the file was changed.
            WrongPassphrase: the new passphrase is too short.
            VaultMissing, VaultExposed, VaultMalformed: as `open`.
        """
        kek = join_key(shares)
        content = vault_file.read(path)
        vault_file.check_seal(kek, content)
        wrapping = wrap(kek, [(SERVICE, passphrase)], cost or KdfCost(), content.head())
        vault_file.write(path, vault_file.sealed_file(kek, replace(content, wrappings=(wrapping,))), new=False)
        return cls.open(path, passphrase)

    def add_missing(self) -> tuple[KeyInfo, ...]:
        """Draw a first key of every role that came into the world after this vault; nothing else changes. Saved before it is used.

        Returns:
            The new keys; none the second time. A role whose keys are all destroyed is not missing.
        """
        there = {info.role for info in self.inventory()}
        return tuple(self.add_version(role) for role in STORED_ROLES if role not in there)

    def set_state(self, key_id: str, state: KeyState) -> KeyInfo:
        """Bring a key into another state of its life; see `NEXT_STATES`. Saved before it takes effect.

        Raises:
            UnknownKeyVersion: no such key.
            KeyStateRefused: an active key is not destroyed at once, and a destroyed one never comes back.
        """
        sealed = next((sealed for sealed in self._content.keys if sealed.info.key_id == key_id), None)
        if sealed is None:
            raise UnknownKeyVersion(f"there is no key {key_id}")
        if state not in NEXT_STATES[sealed.info.state]:
            raise KeyStateRefused(f"a key that is {sealed.info.state} does not become {state}", key_id=key_id)
        info = replace(sealed.info, state=state)
        key = None if state is KeyState.DESTROYED else self._roots[key_id]
        changed = vault_file.seal_key(self._kek, info, key)
        self._save(tuple(changed if entry is sealed else entry for entry in self._content.keys))
        if key is None:
            del self._roots[key_id]
            self._upper.pop(key_id, None)
        return info

    def newest_active(self, role: KeyRole) -> int:
        """Version of a role that new chips and new values get.

        Raises:
            UnknownKeyVersion: none is active.
        """
        asked = stored_role(role)
        versions = [
            info.version
            for info in self.inventory()
            if info.role is asked and info.index == FIRST_INDEX and info.state is KeyState.ACTIVE
        ]
        if not versions:
            raise UnknownKeyVersion(f"no key of role {role} is active", role=str(role))
        return max(versions)

    def check_authorises(self, role: KeyRole, version: int, index: int = FIRST_INDEX) -> None:
        """Refuse a key that only verifies: it moves no money and is given to no chip.

        Raises:
            UnknownKeyVersion: no such key.
            KeyStateRefused: it is not active.
        """
        self.root(role, version, index)
        if self._states[_key_id(stored_role(role), index, version)] is not KeyState.ACTIVE:
            raise KeyStateRefused(f"version {version} of {role} verifies, and authorises nothing", role=str(role))

    def root(self, role: KeyRole, version: int, index: int = FIRST_INDEX) -> SecretKey:
        """The key of a role diversified for the city or bureau, where the role has such a level; else the root itself.

        Raises:
            UnknownKeyVersion: no such key, or it is destroyed.
            KeyStateRefused: it is not in use yet, or not any more.
        """
        key_id = _key_id(stored_role(role), index, version)
        key = self._upper.get(key_id)
        if key is None:
            message = f"there is no key of role {role}, version {version}, index {index}"
            raise UnknownKeyVersion(message, role=str(role), version=version)
        if self._states[key_id] not in ANSWERING:
            raise KeyStateRefused(f"the key {key_id} is {self._states[key_id]}", key_id=key_id)
        if role is KeyRole.PSAM_PURCHASE:
            return self._roots[key_id]
        return key

    def versions(self, role: KeyRole) -> dict[int, SecretKey]:
        """All versions of a role that answer, diversified as `root` does, index 1."""
        return {
            info.version: self._upper[info.key_id]
            for info in self.inventory()
            if info.role is role and info.state in ANSWERING and info.index == FIRST_INDEX
        }

    def _add(self, role: KeyRole, key: SecretKey, index: int, state: KeyState) -> KeyInfo:
        version = max((i.version for i in self.inventory() if i.role is role and i.index == index), default=0) + 1
        if role not in STORED_ROLES or version not in ONE_BYTE or index not in ONE_BYTE or state not in FIRST_STATES:
            raise KeyStateRefused(f"there is no further version of {role}", role=str(role))
        info = KeyInfo(role, version, index, key.algorithm, key.check_value, state, self.realm)
        self._save((*self._content.keys, vault_file.seal_key(self._kek, info, key)))
        self._roots[info.key_id] = key
        self._diversify_for_city()
        return info

    def _diversify_for_city(self) -> None:
        for info in self.inventory():
            if info.key_id in self._roots and info.key_id not in self._upper:
                self._upper[info.key_id] = derived(self._roots[info.key_id], upper_factors(info.role, self.city))

    def _save(self, keys: tuple[vault_file.SealedKey, ...]) -> None:
        content = vault_file.sealed_file(self._kek, replace(self._content, keys=keys))
        vault_file.write(self._path, content, new=False)
        self._content = content
        self._states = _states_of(content)

    def __repr__(self) -> str:
        """Realm, and each key by id and check value."""
        keys = ", ".join(f"{info.key_id} {info.check_value.hex().upper()}" for info in self.inventory())
        return f"KeyRing({self.realm}: {keys})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be pickled or copied.

        Raises:
            TypeError: always.
        """
        message = "a key ring is not pickled"
        raise TypeError(message)


def _states_of(content: VaultFile) -> dict[str, KeyState]:
    return {sealed.info.key_id: sealed.info.state for sealed in content.keys}


def _key_id(role: KeyRole, index: int, version: int) -> str:
    return f"{role}-{index:02d}-v{version:02d}"


def _new_info(role: KeyRole, version: int, key: SecretKey, realm: Realm) -> KeyInfo:
    return KeyInfo(role, version, FIRST_INDEX, key.algorithm, key.check_value, KeyState.ACTIVE, realm)


def _taken_over(role: KeyRole, masters: Mapping[KeyRole, bytes], refused: frozenset[bytes]) -> SecretKey | None:
    if role not in masters:
        return None
    key = SecretKey(algorithm_of(role), masters[role])
    admission.refuse_known(role, key.check_value, refused)
    return key
