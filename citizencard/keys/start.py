"""Opening the keeper of keys when a process starts: hardened first, its secret from a file, in the realm that the settings name."""

from pathlib import Path

from citizencard.config import Settings, TokenPlace
from citizencard.keys.errors import TokenModuleMissing, VaultMissing
from citizencard.keys.hardening import harden_process
from citizencard.keys.hsm import Realm
from citizencard.keys.keyring import VaultTerms
from citizencard.keys.keystore import KeyStore
from citizencard.keys.vault import SoftwareVault
from citizencard.keys.wrapping import read_passphrase_file


def open_vault(settings: Settings) -> KeyStore:
    """Harden this process and open its keys, unattended: the token if the settings name one, else the vault file.

    Raises:
        ProcessNotHardened: the system does not let the process protect its memory.
        VaultMissing, VaultExposed, VaultMalformed: the vault, its passphrase file or the token's PIN file cannot be used.
        RealmRefused: the keys belong to another realm than the settings say.
        WrongPassphrase, VaultTampered, KnownTestKeyRefused: as `SoftwareVault.open`.
        TokenError: as `TokenVault.open`; `TokenModuleMissing` also if Python's binding for PKCS#11 is not installed.
    """
    if settings.token is None:
        return open_vault_file(settings)
    harden_process()
    return token_store(settings.token, settings.realm)


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
        return token_store(settings.token, settings.realm, new=True, test_vaults=test_vaults)
    passphrase = read_passphrase_file(settings.vault_passphrase_file)
    return SoftwareVault.create(settings.vault_file, settings.realm, passphrase, VaultTerms(test_vaults=test_vaults))


def token_store(place: TokenPlace, realm: Realm, *, new: bool = False, test_vaults: tuple[Path, ...] = ()) -> KeyStore:
    """Open a token, or fill an empty one.

    Raises:
        TokenModuleMissing: Python's binding for PKCS#11 is not installed; other refusals as of `TokenVault`.
    """
    try:
        # Here and not above: a city whose keys are in a file needs no binding, which is compiled for each machine.
        from citizencard.keys.pkcs11.store import TokenTerms  # noqa: PLC0415
        from citizencard.keys.pkcs11.vault import TokenVault  # noqa: PLC0415
    except ImportError:
        raise TokenModuleMissing("keys in a token need python-pkcs11: pip install 'citizencard[hsm]'") from None
    if new:
        return TokenVault.create(place, realm, TokenTerms(test_vaults=test_vaults))
    return TokenVault.open(place, realm)
