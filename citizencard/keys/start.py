"""Opening the vault when a process starts: hardened first, passphrase from its file, in the realm that the settings name."""

from citizencard.config import Settings
from citizencard.keys.hardening import harden_process
from citizencard.keys.vault import SoftwareVault
from citizencard.keys.wrapping import read_passphrase_file


def open_vault(settings: Settings) -> SoftwareVault:
    """Harden this process and open its vault, unattended.

    Raises:
        ProcessNotHardened: the system does not let the process protect its memory.
        VaultMissing, VaultExposed, VaultMalformed: the vault or its passphrase file cannot be used.
        RealmRefused: the vault belongs to another realm than the settings say.
        WrongPassphrase, VaultTampered, KnownTestKeyRefused: as `SoftwareVault.open`.
    """
    harden_process()
    passphrase = read_passphrase_file(settings.vault_passphrase_file)
    return SoftwareVault.open(settings.vault_file, passphrase, settings.realm)
