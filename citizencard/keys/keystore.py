"""What custodians and programs ask of any keeper of keys: the encrypted file and the token are the same to them."""

from typing import Protocol

from citizencard.keys.hsm import Hsm, KeyRole
from citizencard.keys.vault_file import KeyInfo, KeyState


class KeyStore(Hsm, Protocol):
    """An opened keeper: it answers the questions of `Hsm`, and tells and changes which keys there are, never what they are.

    Several versions of a role live side by side: each is written to new chips (active), only asked about (retired), or gone (destroyed).
    Another process that has opened the same keeper sees a change after its next start.
    """

    @property
    def city(self) -> str:
        """Four digits of the city whose factor stands between root and card."""
        ...

    def inventory(self) -> tuple[KeyInfo, ...]:
        """All keys by role, version, index, check value and state, destroyed ones too."""
        ...

    def add_version(self, role: KeyRole) -> KeyInfo:
        """Draw a new key of a role beside the older ones; new chips get it from now on.

        Raises:
            KeyStateRefused: there is no further version, or the role has no key of its own.
        """
        ...

    def install(self, role: KeyRole, material: bytes) -> KeyInfo:
        """Take over a key, as a ceremony has put it together, as the newest version of its role.

        Raises:
            KeyStateRefused: as `add_version`.
            KnownTestKeyRefused: production, and it is known from tests.
            ValueError: of another length.
        """
        ...

    def add_missing(self) -> tuple[KeyInfo, ...]:
        """Draw a first key of every role that has none; nothing else changes."""
        ...

    def set_state(self, key_id: str, state: KeyState) -> KeyInfo:
        """Retire a key, take it back, or destroy a retired one for good.

        Raises:
            UnknownKeyVersion: no such key.
            KeyStateRefused: an active key is not destroyed at once, and a destroyed one never comes back.
        """
        ...
