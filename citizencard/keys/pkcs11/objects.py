"""How the city's keys stand in a token: what each object is called, what it may be used for, and how its check value is asked.

A key's label says realm, id and state (`citizencard:test:load-01-v01:active`), its CKA_ID the id. Beside the keys stand data objects: the
head with realm and city, a mark with the check value for each key that was destroyed, the public halves of signing keys, and the
purchase root wrapped for PSAMs.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.constants import DEFAULT

from citizencard.keys.derivation import algorithm_of
from citizencard.keys.errors import TokenMalformed
from citizencard.keys.hsm import KeyRole, Realm
from citizencard.keys.secret import CHECK_VALUE_BYTES, KeyAlgorithm
from citizencard.keys.vault_file import KeyInfo, KeyState

FORMAT: Final = 1
ONE_BYTE: Final = range(1, 0x100)
"""Versions and indexes, as cards name them."""
PREFIX: Final = "citizencard:"
HEAD_LABEL: Final = PREFIX + "head"
WRAPPING_LABEL: Final = PREFIX + "wrapping"
PSAM_COPY: Final = "psam-copy"
"""In the place of the state: the purchase root under the token's wrapping key."""
PUBLIC_KEY: Final = "public-key"
"""In the place of the state: the public half of a signing key."""
ED25519: Final = bytes.fromhex("06032b6570")
"""CKA_EC_PARAMS: the object identifier of RFC 8410."""
PUBLIC_KEY_BYTES: Final = 32

_USES: Final = (
    Attribute.ENCRYPT,
    Attribute.DECRYPT,
    Attribute.SIGN,
    Attribute.VERIFY,
    Attribute.WRAP,
    Attribute.UNWRAP,
    Attribute.DERIVE,
)
_USES_OF: Final = {
    KeyAlgorithm.TRIPLE_DES: {Attribute.ENCRYPT, Attribute.DERIVE},
    KeyAlgorithm.AES_256: {Attribute.ENCRYPT, Attribute.DECRYPT},
    KeyAlgorithm.HMAC_SHA_256: {Attribute.SIGN},
    KeyAlgorithm.ED25519: {Attribute.SIGN},
}
KEY_TYPE: Final = {
    KeyAlgorithm.TRIPLE_DES: KeyType.DES2,
    KeyAlgorithm.AES_256: KeyType.AES,
    KeyAlgorithm.HMAC_SHA_256: KeyType.GENERIC_SECRET,
    KeyAlgorithm.ED25519: KeyType.EC_EDWARDS,
}


@dataclass(frozen=True, slots=True)
class Name:
    """What a label says of an object that belongs to a key: role, index, version, realm, and its state, `PSAM_COPY` or `PUBLIC_KEY`."""

    role: KeyRole
    index: int
    version: int
    realm: Realm
    state: str

    @property
    def key_id(self) -> str:
        """`load-01-v01`."""
        return key_id(self.role, self.index, self.version)

    @property
    def label(self) -> str:
        """As the object carries it."""
        return f"{PREFIX}{self.realm}:{self.key_id}:{self.state}"

    def info(self, check_value: bytes) -> KeyInfo:
        """The key as people see it."""
        algorithm = algorithm_of(self.role)
        return KeyInfo(self.role, self.version, self.index, algorithm, check_value, KeyState(self.state), self.realm)


def key_id(role: KeyRole, index: int, version: int) -> str:
    """The id that a key has in every keeper: role, index, version."""
    return f"{role}-{index:02d}-v{version:02d}"


def parse_label(label: str) -> Name:
    """Read a label.

    Raises:
        TokenMalformed: it is none of this version's.
    """
    try:
        realm, named, state = label.removeprefix(PREFIX).split(":")
        role, index, version = named.rsplit("-", 2)
        name = Name(KeyRole(role), int(index), int(version.removeprefix("v")), _realm(realm), state)
        if state not in {PSAM_COPY, PUBLIC_KEY}:
            KeyState(state)
    except ValueError:
        raise TokenMalformed(f"the token's object {label!a} is not understood") from None
    if name.label != label or not (name.index in ONE_BYTE and name.version in ONE_BYTE):
        raise TokenMalformed(f"the token's object {label!a} is not understood")
    return name


def _realm(text: str) -> Realm:
    if text == "test":
        return "test"
    if text == "production":
        return "production"
    message = "another realm"
    raise ValueError(message)


def encode_head(realm: Realm, city: str) -> bytes:
    """The head's value."""
    return json.dumps({"format": FORMAT, "realm": realm, "city": city}, sort_keys=True).encode()


def decode_head(value: bytes) -> tuple[Realm, str]:
    """Realm and city of a head.

    Raises:
        TokenMalformed: it is none of this version's.
    """
    try:
        document = json.loads(value)
        realm, city = _realm(document["realm"]), str(document["city"])
        if document["format"] != FORMAT or len(city) != 4 or not (city.isascii() and city.isdigit()):  # noqa: PLR2004 - GB/T 2260
            raise TokenMalformed("the token's head is of another format")
    except (ValueError, KeyError, TypeError):
        raise TokenMalformed("the token's head is not understood") from None
    return realm, city


def key_template(algorithm: KeyAlgorithm, *, extractable: bool = False) -> dict[Attribute, Any]:
    """What a key may be used for, and that nobody reads it; a session object, until it is copied under its name."""
    return {
        Attribute.TOKEN: False,
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: extractable,
        **{use: use in _USES_OF[algorithm] for use in _USES if not _of_secret_keys_only(algorithm, use)},
    }


def _of_secret_keys_only(algorithm: KeyAlgorithm, use: Attribute) -> bool:
    """Private keys have fewer attributes than secret ones."""
    return algorithm is KeyAlgorithm.ED25519 and use in {Attribute.ENCRYPT, Attribute.VERIFY, Attribute.WRAP}


def data_template(label: str, value: bytes) -> dict[Attribute, Any]:
    """A data object that only the logged-in user sees."""
    return {
        Attribute.CLASS: ObjectClass.DATA,
        Attribute.TOKEN: True,
        Attribute.PRIVATE: True,
        Attribute.APPLICATION: "citizencard",
        Attribute.LABEL: label,
        Attribute.VALUE: value,
    }


def check_value_of(algorithm: KeyAlgorithm, key: Any, public: bytes) -> bytes:  # noqa: ANN401 - the binding makes a class for each key
    """The check value, asked of the token: as `SecretKey.check_value`.

    Args:
        algorithm: of the key.
        key: its handle.
        public: of a signing key, 32 bytes.
    """
    match algorithm:
        case KeyAlgorithm.TRIPLE_DES:
            answer: bytes = key.encrypt(bytes(8), mechanism=Mechanism.DES3_ECB)
        case KeyAlgorithm.AES_256:
            answer = key.encrypt(bytes(16), mechanism=Mechanism.AES_ECB)
        case KeyAlgorithm.HMAC_SHA_256:
            answer = key.sign(bytes(16), mechanism=Mechanism.SHA256_HMAC)
        case KeyAlgorithm.ED25519:
            answer = hashlib.sha256(public).digest()
    return answer[:CHECK_VALUE_BYTES]


def objects_of(session: pkcs11.Session) -> list[tuple[str, ObjectClass, pkcs11.Object]]:
    """Label, class and handle of every object of ours; others' are left alone."""
    found: list[tuple[str, ObjectClass, pkcs11.Object]] = []
    for handle in list(session.get_objects()):
        attributes = handle.get_attributes([Attribute.LABEL, Attribute.CLASS, Attribute.TOKEN])
        label = str(attributes.get(Attribute.LABEL, ""))
        if label.startswith(PREFIX) and attributes.get(Attribute.TOKEN):
            found.append((label, ObjectClass(attributes[Attribute.CLASS]), handle))
    return found


NO_LENGTH: Final = {Attribute.VALUE_LEN: DEFAULT}
"""A two-key triple-DES key has its length by its type: PKCS#11 refuses a template that names one."""
