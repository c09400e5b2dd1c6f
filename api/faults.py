"""Refusals that are no fault of the caller: our own faults, and what is away for a while."""

from typing import Final

from api import errors as api
from citizencard import errors as root
from citizencard.checkout import errors as checkout
from citizencard.custody import errors as custody
from citizencard.keys import errors as keys
from citizencard.payments import errors as payments
from citizencard.settlement import clocks
from hardware import errors as hardware
from ledger import errors as ledger

Refusals = tuple[type[Exception], ...]

SERVER_FAULT: Final[Refusals] = (
    # Nothing that a caller did: the installation, the keys, or a rule that the code itself broke. A reference is all that leaves the house.
    root.SettingsInvalid,
    root.DatabaseUnsafe,
    clocks.ClockWrong,
    keys.VaultMissing,
    keys.VaultExists,
    keys.VaultExposed,
    keys.VaultMalformed,
    keys.WrongPassphrase,
    keys.VaultTampered,
    keys.UnknownKeyVersion,
    keys.KeyRoleRefused,
    keys.KeyStateRefused,
    keys.CheckValueWrong,
    keys.TacMasterAbsent,
    keys.ComponentMalformed,
    keys.KeyWeak,
    keys.CustodianRepeated,
    keys.CeremonyOver,
    keys.TransferMalformed,
    keys.TransferTampered,
    keys.TransferRefused,
    keys.KeyNotExportable,
    keys.ShareMalformed,
    keys.SharesDoNotFit,
    custody.TwoPeopleNeeded,
    custody.TransferRepeated,
    custody.KeyHeldByChips,
    custody.PsamMoveRefused,
    keys.RealmRefused,
    keys.KnownTestKeyRefused,
    keys.CiphertextInvalid,
    keys.ProcessNotHardened,
    keys.TokenModuleMissing,
    keys.TokenEmpty,
    keys.TokenNotEmpty,
    keys.TokenMalformed,
    ledger.InvalidAccount,
    payments.PaymentSettingsInvalid,
    hardware.CardImageInvalid,
    hardware.CardImageInUse,
    hardware.NoReader,
    hardware.ReaderBusy,
    hardware.OutboxFull,
    hardware.UplinkUnavailable,
    hardware.UplinkRefused,
)
UNAVAILABLE: Final[Refusals] = (
    api.PdfUnavailable,
    checkout.OnlinePaymentUnavailable,
    ledger.LedgerBusy,
    ledger.LedgerStopped,
    keys.TokenMissing,
    keys.TokenPinWrong,
    keys.TokenPinLocked,
    keys.TokenInUse,
    keys.TokenFailed,
)
