"""The one table from refusals to HTTP statuses. A test walks the class trees: a refusal that is not here cannot be merged."""

from typing import Final

from api import errors as api
from api.web import errors as web
from citizencard import audit, chart
from citizencard import errors as root
from citizencard.accounts import errors as accounts
from citizencard.approvals import errors as approvals
from citizencard.billing import errors as billing
from citizencard.cards import errors as cards
from citizencard.checkout import errors as checkout
from citizencard.idempotency import errors as idempotency
from citizencard.keys import errors as keys
from citizencard.merchants import errors as merchants
from citizencard.parking import errors as parking
from citizencard.payments import errors as payments
from citizencard.people import errors as people
from citizencard.purse.loads import errors as loads
from citizencard.purse.uploads import errors as uploads
from citizencard.receipts import errors as receipts
from citizencard.residents import errors as residents
from citizencard.settlement import clocks
from citizencard.settlement import errors as settlement
from citizencard.social_security import errors as social_security
from citizencard.staff import errors as staff
from citizencard.tariffs import errors as tariffs
from citizencard.terminals import errors as terminals
from citizencard.workstations import errors as workstations
from hardware import errors as hardware
from ledger import errors as ledger

Refusals = tuple[type[Exception], ...]

BAD_REQUEST: Final[Refusals] = (
    api.RequestMalformed,
    api.IdempotencyKeyMissing,
    api.DigestDiffers,
    web.FormKeyUnfit,
    web.HostUnknown,
    idempotency.IdempotencyKeyUnfit,
    payments.WebhookUnsigned,
    payments.WebhookForged,
    payments.WebhookOutOfTime,
    payments.WebhookMalformed,
    terminals.NonceInvalid,
)
UNAUTHORIZED: Final[Refusals] = (
    api.NotSignedIn,
    api.SignatureMissing,
    api.SignatureInvalid,
    api.ClockSkewed,
    residents.ResidentSignInRefused,
    residents.ResidentSessionEnded,
    staff.SignInRefused,
    staff.SessionEnded,
    terminals.NonceReplayed,
    terminals.TerminalNotEnrolled,
)
FORBIDDEN: Final[Refusals] = (
    api.RouteClosed,
    api.ElsewhereRefused,
    web.ForeignRequest,
    web.FormTokenWrong,
    accounts.NumberOfAnotherTerminal,
    parking.NotAGate,
    staff.PermissionDenied,
    staff.FreshCodeNeeded,
    staff.OwnRolesRefused,
    approvals.FourEyesNeeded,
    cards.ReaderTokenWrong,
    residents.CardProofRefused,
    terminals.TerminalDisabled,
    terminals.EnrolmentCodeInvalid,
    workstations.AgentRealmRefused,
    workstations.AgentPairedByYourself,
    workstations.AgentAnswerForged,
    uploads.ForeignTerminal,
)
NOT_FOUND: Final[Refusals] = (
    accounts.UnknownOnlineAccount,
    approvals.ApprovalUnknown,
    billing.ServiceUnknown,
    billing.ImportUnknown,
    billing.BillUnknown,
    billing.HouseholdUnknown,
    checkout.PaymentUnknown,
    cards.UnknownCard,
    cards.UnknownChip,
    cards.UnknownReaderJob,
    cards.UnknownPsamOrder,
    loads.UnknownLoad,
    merchants.UnknownMerchant,
    merchants.UnknownLine,
    parking.NoOpenStay,
    people.PersonUnknown,
    settlement.DayNotClosed,
    social_security.LinkUnknown,
    staff.StaffUnknown,
    staff.OutletUnknown,
    staff.TillUnknown,
    tariffs.UnknownTariffVersion,
    tariffs.NoTariffInForce,
    terminals.UnknownTerminal,
    terminals.UnknownPsam,
    workstations.UnknownAgent,
    workstations.UnknownAgentSession,
    ledger.UnknownAccount,
    ledger.UnknownTransfer,
    ledger.UnknownHold,
    ledger.UnknownDay,
)
CONFLICT: Final[Refusals] = (
    accounts.AccountExists,
    accounts.CardNotLinkable,
    accounts.CardNotLinked,
    accounts.TraceReused,
    approvals.ApprovalExpired,
    approvals.ApprovalDecided,
    approvals.ApprovalNotGiven,
    approvals.ApprovalAlreadyExecuted,
    approvals.ApprovalPayloadDiffers,
    billing.ServiceNameTaken,
    billing.BillNotPayable,
    checkout.PaymentStateForbids,
    checkout.PaymentBusy,
    checkout.CheckoutAmountDiffers,
    checkout.NoRoomInAccount,
    checkout.RefundNotPossible,
    checkout.RefundTooLarge,
    billing.HouseholdLocked,
    billing.HouseholdsTooMany,
    cards.CardStateForbids,
    cards.ChipNotBlank,
    cards.ChipKnown,
    cards.WrongChip,
    cards.CardNumbersExhausted,
    cards.ReaderJobExpired,
    cards.ReaderStepConflict,
    cards.ReaderStepUnknown,
    cards.PsamStateForbids,
    cards.TerminalNumberTaken,
    idempotency.IdempotencyInProgress,
    idempotency.LeaseLost,
    loads.CardNotLoadable,
    loads.LoadAlreadyOpen,
    loads.LoadStateForbids,
    merchants.LineNumberTaken,
    parking.AmountDiffers,
    parking.PassageNameReused,
    people.PersonAlreadyRegistered,
    residents.ProvedCardUnusable,
    residents.ResidentLoginTaken,
    receipts.ReceiptDiffers,
    settlement.DayNotOpen,
    social_security.LinkStateRefused,
    social_security.NumberLinkedElsewhere,
    staff.LoginTaken,
    staff.OutletNameTaken,
    tariffs.TariffNotApproved,
    tariffs.TariffVersionTaken,
    tariffs.TariffBackdated,
    terminals.PsamSerialTaken,
    terminals.TerminalNumberTaken,
    terminals.BindingNotApproved,
    terminals.BindingBackdated,
    terminals.BindingOverlaps,
    terminals.NotBound,
    terminals.PublicKeyTaken,
    workstations.AgentKnown,
    workstations.AgentNotConfirmed,
    workstations.AgentEnded,
    workstations.AgentAnswerTaken,
    workstations.AgentAnswerLate,
    ledger.ReferenceReused,
    ledger.AccountClosed,
    ledger.AccountFrozen,
    ledger.BalanceTooLow,
    ledger.CeilingExceeded,
    ledger.NotReversible,
    ledger.HoldExpired,
    ledger.HoldEnded,
    ledger.HoldExceeded,
    ledger.NotStopped,
    ledger.NothingSealed,
    ledger.AccountDiffers,
    ledger.AccountNotEmpty,
    ledger.NoOpenDay,
    ledger.InvalidDay,
)
CONTENT_TOO_LARGE: Final[Refusals] = (uploads.FileTooManyRecords,)
UNPROCESSABLE: Final[Refusals] = (
    api.ShapeInvalid,
    accounts.BatchNotGiven,
    accounts.PurchaseInvalid,
    accounts.TopUpAmountInvalid,
    audit.ReasonUnfit,
    billing.ServiceDetailsInvalid,
    billing.BillFileUnusable,
    settlement.OpeningFileUnusable,
    checkout.CheckoutAmountInvalid,
    billing.HouseholdNotProved,
    cards.UnknownCardClass,
    cards.ClassNotForPerson,
    cards.LossNotReportable,
    cards.UnknownJobKind,
    cards.ReaderAnswerInvalid,
    chart.UnknownAccountPattern,
    idempotency.IdempotencyKeyReused,
    loads.LoadAmountInvalid,
    merchants.MerchantDetailsInvalid,
    parking.MerchantNotParking,
    parking.PassageInvalid,
    payments.PaymentRequestInvalid,
    people.DocumentInvalid,
    people.NameUnfit,
    people.PhoneUnfit,
    settlement.NextDayWrong,
    social_security.RegionUnfit,
    social_security.NationUnfit,
    social_security.InsuranceUnfit,
    staff.OneTimeTokenInvalid,
    staff.PasswordUnfit,
    staff.LoginUnfit,
    staff.RolesExcluded,
    staff.RoleUnfit,
    tariffs.TariffInvalid,
    tariffs.LineNotInTariff,
    tariffs.ClassNotInTariff,
    tariffs.LotNotInTariff,
    tariffs.StayInvalid,
    tariffs.QuantityInvalid,
    terminals.TerminalNumberInvalid,
    terminals.BindingLineForeign,
    terminals.PublicKeyInvalid,
    terminals.VersionUnknown,
    workstations.AgentMessageMalformed,
    workstations.AgentPairingRefused,
    workstations.FingerprintDiffers,
    uploads.FileLengthWrong,
    uploads.FileMagicWrong,
    uploads.FileLayoutUnknown,
    uploads.FileSizesWrong,
    uploads.FileTerminalInvalid,
    uploads.FileCreatedInvalid,
    uploads.FileReserveUsed,
    uploads.FileCountDiffers,
    uploads.FileTotalDiffers,
    uploads.FileDigestDiffers,
    uploads.FileSignatureInvalid,
    uploads.UploadFieldInvalid,
    ledger.InvalidTransfer,
    ledger.InvalidHold,
    ledger.HeadForged,
    ledger.CurrencyMismatch,
    hardware.CardRefused,
    hardware.PsamRefused,
    hardware.CardRemoved,
    hardware.MalformedCardData,
)
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
    keys.RealmRefused,
    keys.KnownTestKeyRefused,
    keys.CiphertextInvalid,
    keys.ProcessNotHardened,
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
)

STATUS: Final[dict[type[Exception], int]] = {
    refusal: status
    for status, refusals in (
        (400, BAD_REQUEST),
        (401, UNAUTHORIZED),
        (403, FORBIDDEN),
        (404, NOT_FOUND),
        (409, CONFLICT),
        (413, CONTENT_TOO_LARGE),
        (422, UNPROCESSABLE),
        (500, SERVER_FAULT),
        (503, UNAVAILABLE),
    )
    for refusal in refusals
}

RETRY_AFTER_S: Final[dict[type[Exception], int]] = {
    idempotency.IdempotencyInProgress: 1,
    checkout.PaymentBusy: 5,
    ledger.LedgerBusy: 2,
}
"""Refusals that pass by themselves: the same request may be sent again after so many seconds."""
