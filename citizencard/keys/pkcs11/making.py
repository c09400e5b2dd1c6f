"""Making a key in the token: drawn there, taken over, or unwrapped there; it gets its name last, when it may not be taken out any more."""

from dataclasses import dataclass, replace
from typing import Any, Final

import pkcs11
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass

from citizencard.keys.admission import MAX_DRAWS, refuse_known
from citizencard.keys.derivation import algorithm_of
from citizencard.keys.errors import RealmRefused, TokenMalformed
from citizencard.keys.hsm import KeyRole
from citizencard.keys.pkcs11 import objects
from citizencard.keys.pkcs11.objects import Name
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.vault_file import KeyInfo

COPIED_ROLES: Final = frozenset({KeyRole.PURCHASE})
"""Whose root a PSAM gets: of these a wrapped copy stands beside the key, since the key itself cannot be taken out."""


@dataclass(frozen=True, slots=True)
class Made:
    """A key that has no name yet: a session object, and its public key if it has one."""

    algorithm: KeyAlgorithm
    handle: Any
    public: bytes = b""

    @property
    def check_value(self) -> bytes:
        """Asked of the token."""
        return objects.check_value_of(self.algorithm, self.handle, self.public)


def draw(session: pkcs11.Session, role: KeyRole, refused: frozenset[bytes]) -> Made:
    """Let the token draw a key.

    Raises:
        RealmRefused: its random source gives only refused keys.
    """
    algorithm = algorithm_of(role)
    for _ in range(MAX_DRAWS):
        made = _drawn(session, algorithm, objects.key_template(algorithm, extractable=role in COPIED_ROLES))
        if made.check_value not in refused:
            return made
        made.handle.destroy()
    raise RealmRefused("the token's random source gives only keys that are known from tests")


def _drawn(session: pkcs11.Session, algorithm: KeyAlgorithm, template: dict[Attribute, Any]) -> Made:
    key_type = objects.KEY_TYPE[algorithm]
    if algorithm is KeyAlgorithm.ED25519:
        parameters = session.create_domain_parameters(key_type, {Attribute.EC_PARAMS: objects.ED25519}, local=True)
        public, private = parameters.generate_keypair(
            mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
            capabilities=MechanismFlag.SIGN,
            private_template=template,
        )
        point = bytes(public[Attribute.EC_POINT])[-objects.PUBLIC_KEY_BYTES :]
        public.destroy()
        return Made(algorithm, private, point)
    mechanisms = {KeyType.DES2: Mechanism.DES2_KEY_GEN, KeyType.AES: Mechanism.AES_KEY_GEN}
    key = session.generate_key(
        key_type,
        8 * algorithm.key_bytes,
        mechanism=mechanisms.get(key_type, Mechanism.GENERIC_SECRET_KEY_GEN),
        template=template | (objects.NO_LENGTH if key_type is KeyType.DES2 else {}),
    )
    return Made(algorithm, key)


def take_over(session: pkcs11.Session, role: KeyRole, key: SecretKey, refused: frozenset[bytes]) -> Made:
    """Give a key to the token.

    Raises:
        KnownTestKeyRefused: it is known from tests.
    """
    refuse_known(role, key.check_value, refused)
    template = objects.key_template(key.algorithm, extractable=role in COPIED_ROLES)
    template |= {Attribute.KEY_TYPE: objects.KEY_TYPE[key.algorithm], Attribute.VALUE: key.reveal()}
    if key.algorithm is not KeyAlgorithm.ED25519:
        handle = session.create_object(template | {Attribute.CLASS: ObjectClass.SECRET_KEY})
        return Made(key.algorithm, handle)
    public = Ed25519PrivateKey.from_private_bytes(key.reveal()).public_key().public_bytes_raw()
    template |= {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.EC_PARAMS: objects.ED25519}
    return Made(key.algorithm, session.create_object(template), public)


def unwrap(
    session: pkcs11.Session, role: KeyRole, wrapped: bytes, transport: SecretKey, refused: frozenset[bytes]
) -> Made:
    """Let the token unwrap a key that came under a transport key (AES key wrap, RFC 3394): it is in clear in the token only.

    Raises:
        KnownTestKeyRefused: it is known from tests.
        ValueError: the transport key is not AES-256, or the role's key is no card key.
    """
    algorithm = algorithm_of(role)
    if algorithm is not KeyAlgorithm.TRIPLE_DES:
        message = "the role's key is no card key"
        raise ValueError(message)
    unwrapping = _transport_key(session, transport)
    try:
        made = Made(
            algorithm, unwrapped(unwrapping, wrapped, objects.key_template(algorithm, extractable=role in COPIED_ROLES))
        )
    finally:
        unwrapping.destroy()
    try:
        refuse_known(role, made.check_value, refused)
    except RealmRefused:
        made.handle.destroy()
        raise
    return made


def _transport_key(session: pkcs11.Session, transport: SecretKey) -> Any:  # noqa: ANN401 - the binding makes a class for each key
    """A session object from a transport key; the caller destroys it.

    Raises:
        ValueError: it is not AES-256.
    """
    if transport.algorithm is not KeyAlgorithm.AES_256:
        message = "card keys travel under an AES-256 transport key"
        raise ValueError(message)
    return session.create_object(
        {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.AES,
            Attribute.VALUE: transport.reveal(),
            Attribute.TOKEN: False,
            Attribute.SENSITIVE: True,
            Attribute.EXTRACTABLE: False,
            Attribute.WRAP: True,
            Attribute.UNWRAP: True,
        }
    )


def wrap_copy(session: pkcs11.Session, wrapped: bytes, transport: SecretKey) -> bytes:
    """The purchase root under a transport key (RFC 3394), 24 bytes, from its copy; in clear it is in the token only.

    Raises:
        ValueError: the transport key is not AES-256.
    """
    template = {Attribute.TOKEN: False, Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: True}
    wrapping = _transport_key(session, transport)
    try:
        copy = unwrapped(wrapping_key(session), wrapped, template)
        try:
            return bytes(wrapping.wrap_key(copy, mechanism=Mechanism.AES_KEY_WRAP))
        finally:
            copy.destroy()
    finally:
        wrapping.destroy()


def unwrapped(unwrapping: Any, wrapped: bytes, template: dict[Attribute, Any]) -> Any:  # noqa: ANN401 - the binding makes a class for each key
    """A session object from a wrapped card key."""
    return unwrapping.unwrap_key(
        ObjectClass.SECRET_KEY, KeyType.DES2, wrapped, mechanism=Mechanism.AES_KEY_WRAP, template=template
    )


def store(session: pkcs11.Session, name: Name, made: Made) -> KeyInfo:
    """Keep a made key for good under its name: what belongs to it first, the key itself last, so that half a key is none.

    Raises:
        TokenMalformed: the token would keep it in a way that it could be taken out.
    """
    info = name.info(made.check_value)
    belonging = {}
    if made.public:
        belonging[replace(name, state=objects.PUBLIC_KEY).label] = made.public
    if name.role in COPIED_ROLES:
        wrapped = wrapping_key(session).wrap_key(made.handle, mechanism=Mechanism.AES_KEY_WRAP)
        belonging[replace(name, state=objects.PSAM_COPY).label] = wrapped
    for label, value in belonging.items():
        # Left over from a key that never came about.
        for orphan in list(session.get_objects({Attribute.LABEL: label})):
            orphan.destroy()
        session.create_object(objects.data_template(label, value))
    naming: dict[Attribute, Any] = {
        Attribute.TOKEN: True,
        Attribute.LABEL: name.label,
        Attribute.ID: name.key_id.encode(),
    }
    if made.handle[Attribute.EXTRACTABLE]:
        # The one change that a token allows, and only in this direction.
        naming[Attribute.EXTRACTABLE] = False
    kept = made.handle.copy(naming)
    made.handle.destroy()
    if kept[Attribute.EXTRACTABLE] or not kept[Attribute.SENSITIVE]:
        kept.destroy()
        raise TokenMalformed("the token keeps keys in a way that they can be taken out")
    return info


def destroy(session: pkcs11.Session, name: Name, handle: Any) -> None:  # noqa: ANN401 - the binding makes a class for each key
    """Destroy a key and what belongs to it: the copy first, since it is the only thing that could be read."""
    for state in (objects.PSAM_COPY, objects.PUBLIC_KEY):
        for belonging in list(session.get_objects({Attribute.LABEL: replace(name, state=state).label})):
            belonging.destroy()
    handle.destroy()


def make_wrapping_key(session: pkcs11.Session) -> None:
    """Let the token draw the key that wraps what PSAMs get; it does nothing else and never leaves."""
    session.generate_key(
        KeyType.AES,
        8 * KeyAlgorithm.AES_256.key_bytes,
        label=objects.WRAPPING_LABEL,
        store=True,
        capabilities=MechanismFlag.WRAP | MechanismFlag.UNWRAP,
        template={Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
    )


def wrapping_key(session: pkcs11.Session) -> Any:  # noqa: ANN401 - the binding makes a class for each key
    """Handle of the wrapping key.

    Raises:
        TokenMalformed: there is none.
    """
    found = list(session.get_objects({Attribute.LABEL: objects.WRAPPING_LABEL}))
    if len(found) != 1:
        raise TokenMalformed("the token's wrapping key is missing")
    return found[0]


def root_of_copy(session: pkcs11.Session, wrapped: bytes) -> bytes:
    """The purchase root in clear, for the one command that writes it into a PSAM: 16 bytes, in memory for the length of that call.

    A module that concatenates and encrypts inside (CKM_CONCATENATE_BASE_AND_DATA with a wrapping by CKM_DES3_ECB) would not need this;
    SoftHSM has neither.
    """
    template = {
        Attribute.TOKEN: False,
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: False,
        Attribute.EXTRACTABLE: True,
    }
    shown = unwrapped(wrapping_key(session), wrapped, template)
    try:
        return bytes(shown[Attribute.VALUE])
    finally:
        shown.destroy()
