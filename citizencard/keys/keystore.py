"""What custodians and programs ask of any keeper of keys: the encrypted file and the token are the same to them."""

from typing import Protocol

from citizencard.keys.hsm import Hsm, KeyRole
from citizencard.keys.keyring import FIRST_INDEX
from citizencard.keys.secret import SecretKey
from citizencard.keys.transport import WrappedKey
from citizencard.keys.vault_file import KeyInfo, KeyState


class KeyStore(Hsm, Protocol):
    """An opened keeper: it answers the questions of `Hsm`, and tells and changes which keys there are, never what they are.

    Several versions and indexes of a role live side by side, each in a state of its own (README.md). Every state but active and retiring
    answers nothing; a retiring key verifies (TAC, MAC1, a card's proof, old ciphertext) and lets old chips be changed, but authorises no
    load and is written to no chip.
    Another process that has opened the same keeper sees a change after its next start.
    """

    @property
    def city(self) -> str:
        """Four digits of the city whose factor stands between root and card."""
        ...

    def inventory(self) -> tuple[KeyInfo, ...]:
        """All keys by role, version, index, check value and state, destroyed ones too."""
        ...

    def add_version(self, role: KeyRole, index: int = FIRST_INDEX, state: KeyState = KeyState.ACTIVE) -> KeyInfo:
        """Draw a new key of a role beside the older ones; an active one goes to new chips from now on.

        Raises:
            KeyStateRefused: there is no further version, the role has no key of its own, or no key begins in this state.
        """
        ...

    def install(
        self, role: KeyRole, material: bytes, index: int = FIRST_INDEX, state: KeyState = KeyState.ACTIVE
    ) -> KeyInfo:
        """Take over a key, as a ceremony has put it together, as the newest version of its role.

        Raises:
            KeyStateRefused: as `add_version`.
            KnownTestKeyRefused: production, and it is known from tests.
            ValueError: of another length.
        """
        ...

    def install_wrapped(
        self,
        role: KeyRole,
        wrapped: WrappedKey,
        transport: SecretKey,
        index: int = FIRST_INDEX,
        state: KeyState = KeyState.ACTIVE,
    ) -> KeyInfo:
        """Take over a key that came under a transport key, as the newest version of its role; a token unwraps card keys inside.

        Raises:
            TransferTampered, CheckValueWrong: the transport key is wrong, or it is another key than the paper says.
            KeyStateRefused, KnownTestKeyRefused: as `install`.
            ValueError: the transport key is not AES-256.
        """
        ...

    def export_wrapped(self, key_id: str, transport: SecretKey) -> bytes:
        """A key under a transport key (AES key wrap, RFC 3394); in clear it never leaves.

        Raises:
            UnknownKeyVersion: no such key, or it is destroyed.
            KeyNotExportable: it is in a token that does not let it go.
            ValueError: the transport key is not AES-256.
        """
        ...

    def random(self, length: int) -> bytes:
        """So many bytes of the keeper's own random source, a token's if it is one."""
        ...

    def sign_record(self, message: bytes) -> bytes:
        """Sign the record of a ceremony with the heads' key, 64 bytes; nothing else is signed (see `record_signing`)."""
        ...

    def add_missing(self) -> tuple[KeyInfo, ...]:
        """Draw a first key of every role that has none; nothing else changes."""
        ...

    def set_state(self, key_id: str, state: KeyState) -> KeyInfo:
        """Bring a key into another state of its life (`keyring.NEXT_STATES`), or destroy a retired one for good.

        Raises:
            UnknownKeyVersion: no such key.
            KeyStateRefused: an active key is not destroyed at once, and a destroyed one never comes back.
        """
        ...
