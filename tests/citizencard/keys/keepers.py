"""Keepers of keys of both kinds, made alike: what is asked of one is asked of the other."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from citizencard.keys.hsm import KeyRole, Realm
from citizencard.keys.keyring import VaultTerms
from citizencard.keys.keystore import KeyStore
from citizencard.keys.pkcs11.store import TokenTerms
from citizencard.keys.pkcs11.vault import TokenVault
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import CHEAP, COMPLETE_MASTERS, PASSPHRASE
from tests.citizencard.keys.softhsm import SoftHsm

_NUMBERS: Final = itertools.count()


@dataclass(frozen=True)
class Keepers:
    """Makes keepers of one kind: `vault` is the encrypted file, `token` PKCS#11."""

    kind: str
    folder: Path
    softhsm: SoftHsm | None = field(default=None)

    def make(self, realm: Realm = "test", masters: Mapping[KeyRole, bytes] = COMPLETE_MASTERS) -> KeyStore:
        """A new keeper with these roots; the others are drawn."""
        name = f"keeper{next(_NUMBERS)}"
        if self.softhsm is not None:
            return TokenVault.create(self.softhsm.token(name), realm, TokenTerms(masters=masters))
        return SoftwareVault.create(self.folder / name, realm, PASSPHRASE, VaultTerms(masters=masters, cost=CHEAP))
