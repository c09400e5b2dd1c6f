"""Opening the keeper of keys when a process starts: hardened first, its secret from a file, in the realm that the settings name."""

from pathlib import Path

from citizencard.config import Settings
from citizencard.keys.errors import VaultMissing
from citizencard.keys.hardening import harden_process
from citizencard.keys.keyring import VaultTerms
from citizencard.keys.keystore import KeyStore
from citizencard.keys.pkcs11.store import TokenTerms
from citizencard.keys.pkcs11.vault import TokenVault
from citizencard.keys.vault import SoftwareVault
from citizencard.keys.wrapping import read_passphrase_file


def open_vault(settings: Settings) -> KeyStore:
    """Harden this process and open its keys, unattended: the token if the settings name one, else the vault file.

    Raises:
        ProcessNotHardened: the system does not let the process protect its memory.
        VaultMissing, VaultExposed, VaultMalformed: the vault, its passphrase file or the token's PIN file cannot be used.
        RealmRefused: the keys belong to another realm than the settings say.
        WrongPassphrase, VaultTampered, KnownTestKeyRefused: as `SoftwareVault.open`.
        TokenError: as `TokenVault.open`.
    """
    if settings.token is None:
        return open_vault_file(settings)
    harden_process()
    return TokenVault.open(settings.token, settings.realm)


def open_vault_file(settings: Settings) -> SoftwareVault:
    """Harden this process and open its vault file, for what can be done with a file only.

    Raises:
        VaultMissing: the keys are in a token; others as `open_vault`.
    """
    if settings.token is not None:
        raise VaultMissing("the keys are in a token, which is copied with its maker's tools: there is no vault file")
    harden_process()
    passphrase = read_passphrase_file(settings.vault_passphrase_file)
    return SoftwareVault.open(settings.vault_file, passphrase, settings.realm)


def create_vault(settings: Settings, test_vaults: tuple[Path, ...] = ()) -> KeyStore:
    """Harden this process and make the keys of every role where the settings say: in an empty token, or in a new vault file.

    Args:
        settings: of the installation.
        test_vaults: vault files of the test realm, none of whose keys gets into production.

    Raises:
        VaultExists, TokenNotEmpty: there are keys already; others as `open_vault`.
    """
    harden_process()
    if settings.token is not None:
        return TokenVault.create(settings.token, settings.realm, TokenTerms(test_vaults=test_vaults))
    passphrase = read_passphrase_file(settings.vault_passphrase_file)
    return SoftwareVault.create(settings.vault_file, settings.realm, passphrase, VaultTerms(test_vaults=test_vaults))
