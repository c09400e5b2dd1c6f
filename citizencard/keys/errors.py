"""Every way in which the keys' keeper can say no. No message holds key material, a passphrase or personal data."""

from citizencard.errors import CitizencardError


class KeysError(CitizencardError):
    """The keys cannot be used as asked."""

    code = "keys_error"


class VaultMissing(KeysError):
    """There is no key vault at this place."""

    code = "vault_missing"


class VaultExists(KeysError):
    """There is a key vault at this place already."""

    code = "vault_exists"


class VaultExposed(KeysError):
    """The key vault or its passphrase file can be read by others."""

    code = "vault_exposed"


class VaultMalformed(KeysError):
    """The file is not a key vault that this version reads."""

    code = "vault_malformed"


class WrongPassphrase(KeysError):
    """The passphrase does not open the key vault."""

    code = "wrong_passphrase"


class VaultTampered(KeysError):
    """The key vault was changed from outside."""

    code = "vault_tampered"


class UnknownKeyVersion(KeysError):
    """There is no key of this role, version, index or algorithm."""

    code = "unknown_key_version"
    public = ("role", "version")


class KeyRoleRefused(KeysError):
    """A key of this role has no business in this question."""

    code = "key_role_refused"
    public = ("role",)


class KeyStateRefused(KeysError):
    """The key cannot pass into this state."""

    code = "key_state_refused"


class RealmRefused(KeysError):
    """The test realm and production are kept apart."""

    code = "realm_refused"


class KnownTestKeyRefused(RealmRefused):
    """A key that is known from tests is refused in production."""

    code = "test_key_refused"
    public = ("role", "check_value")


class CiphertextInvalid(KeysError):
    """The encrypted value was changed or does not belong to this place."""

    code = "ciphertext_invalid"


class ProcessNotHardened(KeysError):
    """This process cannot be kept from dumping its memory."""

    code = "process_not_hardened"
