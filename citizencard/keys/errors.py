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


class TacMasterAbsent(KeysError):
    """This city holds no TAC master: whether a TAC is good is asked elsewhere."""

    code = "tac_master_absent"


class ComponentMalformed(KeysError):
    """The component is not of the key's length, or a digit is wrong."""

    code = "component_malformed"


class KeyWeak(KeysError):
    """The key or component is too simple to be used."""

    code = "key_weak"


class CustodianRepeated(KeysError):
    """One person does not bring two parts of one key."""

    code = "custodian_repeated"


class CeremonyOver(KeysError):
    """The ceremony has ended, or is not complete."""

    code = "ceremony_over"


class TransferMalformed(KeysError):
    """The file is not a key under a transport key."""

    code = "transfer_malformed"


class TransferTampered(KeysError):
    """The transport key does not open the file, or the file was changed."""

    code = "transfer_tampered"


class TransferRefused(KeysError):
    """The key that came has no business here."""

    code = "transfer_refused"


class KeyNotExportable(KeysError):
    """This key does not leave its keeper."""

    code = "key_not_exportable"


class ShareMalformed(KeysError):
    """This is not a backup share, or a digit is wrong."""

    code = "share_malformed"


class SharesDoNotFit(KeysError):
    """The shares are too few or do not belong together."""

    code = "shares_do_not_fit"


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
