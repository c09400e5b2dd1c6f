"""The city's keys as one session with the token sees them: which there are, their life, and the handles that compute."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import pkcs11
from pkcs11 import Attribute, ObjectClass

from citizencard.keys import admission
from citizencard.keys.derivation import algorithm_of, stored_role, upper_factors
from citizencard.keys.errors import KeyStateRefused, RealmRefused, TokenEmpty, TokenMalformed, UnknownKeyVersion
from citizencard.keys.hsm import KeyRole, Realm
from citizencard.keys.keyring import FIRST_INDEX, STORED_ROLES
from citizencard.keys.pkcs11 import ciphers, objects
from citizencard.keys.pkcs11.objects import Name
from citizencard.keys.secret import CHECK_VALUE_BYTES, KeyAlgorithm
from citizencard.keys.vault_file import ANSWERING, KeyInfo, KeyState

MAX_OBJECTS: Final = 4096


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A living key.

    Args:
        name: what its label says.
        info: what people see.
        root: handle of the key itself, a token object.
        upper: handle of the key diversified for the city or bureau, a session object; the root where there is no such level.
        public: of a signing key, 32 bytes.
        psam_copy: of the purchase root, wrapped.
    """

    name: Name
    info: KeyInfo
    root: ciphers.Handle = field(repr=False)
    upper: ciphers.Handle = field(repr=False)
    public: bytes = field(repr=False)
    psam_copy: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenRing:
    """All keys of the token.

    Args:
        session: that the handles belong to.
        realm: of the token and all its keys.
        city: four digits.
        keys: the living ones by id.
        infos: all of them, destroyed ones too.
    """

    session: pkcs11.Session = field(repr=False)
    realm: Realm
    city: str
    keys: dict[str, TokenKey]
    infos: tuple[KeyInfo, ...]

    def newest_active(self, role: KeyRole) -> int:
        """Version of a role, index 1, that new chips and new values get.

        Raises:
            UnknownKeyVersion: none is active.
        """
        asked = stored_role(role)
        versions = [
            info.version
            for info in self.infos
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
        if self.key(role, version, index).info.state is not KeyState.ACTIVE:
            raise KeyStateRefused(f"version {version} of {role} verifies, and authorises nothing", role=str(role))

    def key(self, role: KeyRole, version: int, index: int = FIRST_INDEX) -> TokenKey:
        """A living key.

        Raises:
            UnknownKeyVersion: no such key, or it is destroyed.
            KeyStateRefused: it is not in use yet, or not any more.
        """
        key = self.keys.get(objects.key_id(stored_role(role), index, version))
        if key is None:
            message = f"there is no key of role {role}, version {version}, index {index}"
            raise UnknownKeyVersion(message, role=str(role), version=version)
        if key.info.state not in ANSWERING:
            raise KeyStateRefused(f"the key {key.info.key_id} is {key.info.state}", key_id=key.info.key_id)
        return key

    def newest(self, role: KeyRole) -> TokenKey:
        """The newest active key of a role.

        Raises:
            UnknownKeyVersion: none is active.
        """
        return self.key(role, self.newest_active(role))

    def versions(self, role: KeyRole) -> dict[int, TokenKey]:
        """All versions of a role that answer, index 1."""
        return {
            key.info.version: key
            for key in self.keys.values()
            if key.info.role is role and key.info.index == FIRST_INDEX and key.info.state in ANSWERING
        }


def load_ring(session: pkcs11.Session) -> TokenRing:
    """Look up what the token holds; the keys diversified for the city become session objects.

    Raises:
        TokenEmpty: no city's keys are in it.
        TokenMalformed: it holds what this version does not read, or a key that can be taken out.
        RealmRefused: a key belongs to another realm than the token.
        KnownTestKeyRefused: production, and a key is known from tests.
    """
    found = objects.objects_of(session)
    heads = [handle for label, _, handle in found if label == objects.HEAD_LABEL]
    if not heads:
        raise TokenEmpty("the token holds no city's keys; `citizencard keys create-vault` makes them")
    if len(heads) > 1 or len(found) > MAX_OBJECTS:
        raise TokenMalformed("the token holds two cities' keys, or more objects than a city has")
    realm, city = objects.decode_head(bytes(heads[0][Attribute.VALUE]))
    data: dict[str, bytes] = {}
    living: dict[str, tuple[Name, pkcs11.Object]] = {}
    infos: list[KeyInfo] = []
    for name, kind, handle in _named(found, realm):
        if kind is not ObjectClass.DATA:
            if name.key_id in living:
                raise TokenMalformed(f"the token holds two keys {name.key_id}")
            living[name.key_id] = name, handle
        elif name.state == KeyState.DESTROYED:
            infos.append(name.info(bytes(handle[Attribute.VALUE])[:CHECK_VALUE_BYTES]))
        else:
            data[name.label] = bytes(handle[Attribute.VALUE])
    gone = {info.key_id for info in infos}
    keys = {key_id: _key(entry, data, city) for key_id, entry in living.items() if key_id not in gone}
    refused = admission.refused_check_values(realm)
    for key in keys.values():
        admission.refuse_known(key.info.role, key.info.check_value, refused)
        infos.append(key.info)
    infos.sort(key=lambda info: (STORED_ROLES.index(info.role), info.index, info.version))
    return TokenRing(session, realm, city, keys, tuple(infos))


def _named(
    found: list[tuple[str, ObjectClass, pkcs11.Object]], realm: Realm
) -> Iterator[tuple[Name, ObjectClass, pkcs11.Object]]:
    for label, kind, handle in found:
        if label in {objects.HEAD_LABEL, objects.WRAPPING_LABEL}:
            continue
        name = objects.parse_label(label)
        if name.role not in STORED_ROLES:
            raise TokenMalformed(f"a token holds no key of role {name.role} of its own")
        if name.realm != realm:
            raise RealmRefused(f"the key {name.key_id} belongs to the realm {name.realm}, its token to {realm}")
        yield name, kind, handle


def _key(entry: tuple[Name, pkcs11.Object], data: dict[str, bytes], city: str) -> TokenKey:
    name, handle = entry
    if handle[Attribute.EXTRACTABLE] or not handle[Attribute.SENSITIVE]:
        raise TokenMalformed(f"the key {name.key_id} can be taken out of the token")
    algorithm = algorithm_of(name.role)
    public = data.get(replace(name, state=objects.PUBLIC_KEY).label, b"")
    if algorithm is KeyAlgorithm.ED25519 and len(public) != objects.PUBLIC_KEY_BYTES:
        raise TokenMalformed(f"the public half of the key {name.key_id} is missing")
    upper = handle
    for factor in upper_factors(name.role, city):
        upper = ciphers.derive(upper, ciphers.opposite(factor))
    return TokenKey(
        name,
        name.info(objects.check_value_of(algorithm, handle, public)),
        handle,
        upper,
        public,
        data.get(replace(name, state=objects.PSAM_COPY).label, b""),
    )
