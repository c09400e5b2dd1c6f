"""Who is let into a keeper of keys: nothing that is known from tests gets into production, whoever brings it; new keys are drawn."""

import os
from pathlib import Path
from typing import Final

from citizencard.keys import vault_file
from citizencard.keys.errors import KnownTestKeyRefused, RealmRefused
from citizencard.keys.hsm import KeyRole, Realm
from citizencard.keys.known_test_keys import WELL_KNOWN_CHECK_VALUES
from citizencard.keys.secret import KeyAlgorithm, SecretKey

MAX_DRAWS: Final = 16


def refused_check_values(realm: Realm, test_vaults: tuple[Path, ...] = ()) -> frozenset[bytes]:
    """Check values of keys that are not let in: none in the test realm.

    Args:
        realm: of the keeper.
        test_vaults: vault files of the test realm, whose keys are refused too.
    """
    if realm == "test":
        return frozenset()
    of_vaults = {sealed.info.check_value for path in test_vaults for sealed in vault_file.read(path).keys}
    return WELL_KNOWN_CHECK_VALUES | of_vaults


def refuse_known(role: KeyRole, check_value: bytes, refused: frozenset[bytes]) -> None:
    """Let a key in, or not.

    Raises:
        KnownTestKeyRefused: its check value is one of the refused.
    """
    if check_value in refused:
        text = check_value.hex().upper()
        message = f"the key of role {role} with check value {text} is known from tests"
        raise KnownTestKeyRefused(message, role=str(role), check_value=text)


def drawn(algorithm: KeyAlgorithm, refused: frozenset[bytes]) -> SecretKey:
    """A random key; one whose check value happens to be a refused one is drawn again.

    Raises:
        RealmRefused: the random source gives only refused keys.
    """
    for _ in range(MAX_DRAWS):
        key = SecretKey(algorithm, os.urandom(algorithm.key_bytes))
        if key.check_value not in refused:
            return key
    message = "the random source gives only keys that are known from tests"
    raise RealmRefused(message)
