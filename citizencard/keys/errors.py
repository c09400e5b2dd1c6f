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


class CheckValueWrong(KeysError):
    """The key does not have the check value of its paper."""

    code = "check_value_wrong"
    public = ("role",)


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


class TokenError(KeysError):
    """The key token cannot be used."""

    code = "token_error"


class TokenModuleMissing(TokenError):
    """The key token's module cannot be loaded."""

    code = "token_module_missing"


class TokenMissing(TokenError):
    """The key token is not there."""

    code = "token_missing"


class TokenEmpty(TokenError):
    """The key token holds no city's keys."""

    code = "token_empty"


class TokenNotEmpty(TokenError):
    """The key token holds a city's keys already."""

    code = "token_not_empty"


class TokenPinWrong(TokenError):
    """The PIN does not open the key token."""

    code = "token_pin_wrong"


class TokenPinLocked(TokenError):
    """The key token's PIN is locked."""

    code = "token_pin_locked"


class TokenInUse(TokenError):
    """Somebody else is logged in to the key token."""

    code = "token_in_use"


class TokenMalformed(TokenError):
    """The key token holds what this version does not read."""

    code = "token_malformed"


class TokenFailed(TokenError):
    """The key token failed to answer."""

    code = "token_failed"
