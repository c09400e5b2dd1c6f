"""One table: which route is open to whom. A route that is not in it answers 403, whatever its code would do."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from citizencard.staff.permissions import Permission

STAFF_BODY_BYTES: Final = 512 * 1024
UPLOAD_BODY_BYTES: Final = 8 * 2**20
SMALL_BODY_BYTES: Final = 16 * 1024
TARIFF_BODY_BYTES: Final = 2 * 2**20


class Door(StrEnum):
    """How somebody is recognised: by nothing, a bearer token, a signature; on pages by a visitor's, clerk's or resident's cookie."""

    OPEN = "open"
    STAFF = "staff"
    TERMINAL = "terminal"
    PAGE = "page"
    CONSOLE = "console"
    PORTAL = "portal"


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a route.

    Args:
        door: how callers are recognised.
        permissions: of staff: one of them is needed; none means any session. With several, the view asks for the right one.
        fresh_code: a one-time code must have been entered within the last five minutes.
        max_body_bytes: longer bodies are refused unread.
    """

    door: Door
    permissions: tuple[Permission, ...] = ()
    fresh_code: bool = False
    max_body_bytes: int | None = STAFF_BODY_BYTES


OPEN: Final = Access(Door.OPEN, max_body_bytes=SMALL_BODY_BYTES)
PAGE: Final = Access(Door.PAGE, max_body_bytes=SMALL_BODY_BYTES)
PORTAL: Final = Access(Door.PORTAL, max_body_bytes=SMALL_BODY_BYTES)
SESSION: Final = Access(Door.STAFF, max_body_bytes=SMALL_BODY_BYTES)
TERMINAL: Final = Access(Door.TERMINAL, max_body_bytes=SMALL_BODY_BYTES)
UPLOAD: Final = Access(Door.TERMINAL, max_body_bytes=UPLOAD_BODY_BYTES)
TARIFF: Final = Access(Door.STAFF, (Permission.TARIFFS_PROPOSE,), max_body_bytes=TARIFF_BODY_BYTES)
TARIFF_LOOK: Final = Access(
    Door.STAFF, (Permission.TARIFFS_PROPOSE, Permission.APPROVALS_DECIDE), max_body_bytes=TARIFF_BODY_BYTES
)
READER_PAGE: Final = Access(Door.CONSOLE, (Permission.CARDS_PERSONALISE, Permission.LOADS_TAKE))
READER: Final = Access(
    Door.STAFF,
    (Permission.CARDS_PERSONALISE, Permission.PSAMS_PERSONALISE, Permission.LOADS_TAKE, Permission.UNLOADS_TAKE),
)


def _staff(permission: Permission, *, fresh_code: bool = False) -> Access:
    return Access(Door.STAFF, (permission,), fresh_code=fresh_code)


def console(*permissions: Permission, fresh_code: bool = False) -> Access:
    """A page of staff: any session, or one of some permissions."""
    return Access(Door.CONSOLE, permissions, fresh_code=fresh_code, max_body_bytes=SMALL_BODY_BYTES)


TERMINAL_ACTS: Final = "<any(disablings, enablings, invitations, unbindings):act>"
"""What is done to a device at the desk, for a reason; each has its own permission."""
TERMINAL_ACT: Final = console(Permission.TERMINALS_DISABLE, Permission.TERMINALS_MANAGE, Permission.TERMINALS_BIND)
MERCHANT_CLEAR: Final = console(Permission.MERCHANTS_REVEAL, fresh_code=True)

ACCESS: Final[dict[tuple[str, str], Access]] = {
    ("GET", "/"): OPEN,
    ("GET", "/home/figures"): OPEN,
    ("GET", "/docs"): OPEN,
    ("GET", "/problems/<code>"): OPEN,
    ("GET", "/verify/<token>"): OPEN,
    ("GET", "/receipts/<token>.pdf"): OPEN,
    ("GET", "/openapi.json"): OPEN,
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/static/<path:filename>"): OPEN,
    ("POST", "/v1/staff-activations"): OPEN,
    ("POST", "/v1/staff-sessions"): OPEN,
    ("DELETE", "/v1/staff-sessions/current"): SESSION,
    ("POST", "/v1/staff-sessions/current/password"): SESSION,
    ("POST", "/v1/staff-sessions/current/codes"): SESSION,
    ("POST", "/v1/outlets"): _staff(Permission.OUTLETS_MANAGE),
    ("POST", "/v1/tills"): _staff(Permission.OUTLETS_MANAGE),
    ("POST", "/v1/staff"): _staff(Permission.STAFF_MANAGE),
    ("GET", "/v1/approvals"): _staff(Permission.APPROVALS_READ),
    ("GET", "/v1/approvals/<approval_id>"): _staff(Permission.APPROVALS_READ),
    ("POST", "/v1/approvals/<approval_id>/decisions"): _staff(Permission.APPROVALS_DECIDE, fresh_code=True),
    ("POST", "/v1/people"): _staff(Permission.PEOPLE_REGISTER),
    ("POST", "/v1/people/searches"): _staff(Permission.PEOPLE_READ),
    ("GET", "/v1/people/<person_id>"): _staff(Permission.PEOPLE_READ),
    ("POST", "/v1/people/<person_id>/revelations"): _staff(Permission.PEOPLE_REVEAL, fresh_code=True),
    ("PUT", "/v1/people/<person_id>/social-security"): _staff(Permission.SOCIAL_SECURITY_LINK),
    ("POST", "/v1/merchants"): _staff(Permission.MERCHANTS_MANAGE),
    ("GET", "/v1/merchants"): _staff(Permission.TARIFFS_READ),
    ("GET", "/v1/merchants/<merchant_id>"): _staff(Permission.MERCHANTS_READ),
    ("POST", "/v1/merchant-outlets"): _staff(Permission.MERCHANTS_MANAGE),
    ("GET", "/v1/merchant-outlets"): _staff(Permission.MERCHANTS_READ),
    ("POST", "/v1/merchant-outlets/<outlet_id>/closings"): _staff(Permission.MERCHANTS_MANAGE),
    ("POST", "/v1/merchants/<merchant_id>/contacts"): _staff(Permission.MERCHANTS_MANAGE),
    ("POST", "/v1/merchant-contacts/<contact_id>/revelations"): _staff(Permission.MERCHANTS_REVEAL, fresh_code=True),
    ("POST", "/v1/merchants/<merchant_id>/bank-accounts"): _staff(Permission.MERCHANTS_MANAGE),
    ("GET", "/v1/merchants/<merchant_id>/bank-accounts"): _staff(Permission.MERCHANTS_READ),
    ("POST", "/v1/bank-accounts/<bank_account_id>/withdrawals"): _staff(Permission.BANK_ACCOUNTS_TAKE_BACK),
    ("POST", "/v1/bank-accounts/<bank_account_id>/revelations"): _staff(Permission.MERCHANTS_REVEAL, fresh_code=True),
    ("GET", "/v1/merchant-notices"): _staff(Permission.MERCHANTS_READ),
    ("POST", "/v1/merchant-notices/<notice_id>/tellings"): _staff(Permission.BANK_ACCOUNTS_TAKE_BACK),
    ("POST", "/v1/lines"): _staff(Permission.MERCHANTS_MANAGE),
    ("GET", "/v1/lines"): _staff(Permission.TARIFFS_READ),
    ("POST", "/v1/tariff-versions"): TARIFF,
    ("GET", "/v1/tariff-versions"): _staff(Permission.TARIFFS_READ),
    ("GET", "/v1/tariff-versions/<int:version>"): _staff(Permission.TARIFFS_READ),
    ("POST", "/v1/tariff-versions/<int:version>/rollbacks"): _staff(Permission.TARIFFS_PROPOSE),
    ("POST", "/v1/tariff-versions/<int:version>/withdrawals"): _staff(Permission.TARIFFS_PROPOSE),
    ("POST", "/v1/tariff-checks"): TARIFF_LOOK,
    ("POST", "/v1/tariff-previews"): TARIFF_LOOK,
    ("POST", "/v1/terminals"): _staff(Permission.TERMINALS_MANAGE),
    ("GET", "/v1/terminals"): _staff(Permission.TERMINALS_READ),
    ("GET", "/v1/terminals/<terminal_id>"): _staff(Permission.TERMINALS_READ),
    ("POST", "/v1/terminals/<terminal_id>/disablings"): _staff(Permission.TERMINALS_DISABLE),
    ("POST", "/v1/terminals/<terminal_id>/enablings"): _staff(Permission.TERMINALS_MANAGE),
    ("POST", "/v1/terminals/<terminal_id>/invitations"): _staff(Permission.TERMINALS_MANAGE),
    ("POST", "/v1/terminals/<terminal_id>/codes"): _staff(Permission.TERMINALS_MANAGE),
    ("PUT", "/v1/terminals/<terminal_id>/outlet"): _staff(Permission.TERMINALS_MANAGE),
    ("PUT", "/v1/terminals/<terminal_id>/partner"): _staff(Permission.TERMINALS_MANAGE),
    ("POST", "/v1/terminal-software"): _staff(Permission.TERMINALS_MANAGE),
    ("GET", "/v1/terminal-software"): _staff(Permission.TERMINALS_READ),
    ("POST", "/v1/terminal-unbindings"): _staff(Permission.TERMINALS_BIND),
    ("POST", "/v1/parking-gates"): _staff(Permission.TERMINALS_MANAGE),
    ("GET", "/v1/parking-gates"): _staff(Permission.TERMINALS_MANAGE),
    ("POST", "/v1/psams"): _staff(Permission.TERMINALS_MANAGE),
    ("POST", "/v1/terminal-bindings"): _staff(Permission.TERMINALS_BIND),
    ("POST", "/v1/card-stock"): _staff(Permission.STOCK_RECEIVE),
    ("POST", "/v1/cards"): _staff(Permission.CARDS_APPLY),
    ("GET", "/v1/cards/<card_id>"): _staff(Permission.CARDS_READ),
    ("POST", "/v1/cards/<card_id>/activation"): _staff(Permission.CARDS_ACTIVATE),
    ("POST", "/v1/cards/<card_id>/loss-reports"): _staff(Permission.CARDS_REPORT_LOSS),
    ("GET", "/v1/cards/<card_id>/taps"): _staff(Permission.TAPS_READ),
    ("GET", "/v1/cards/<card_id>/shadow"): _staff(Permission.CARDS_READ),
    ("POST", "/v1/reader-jobs"): READER,
    ("GET", "/v1/reader-jobs/<job_id>"): READER,
    ("POST", "/v1/reader-jobs/<job_id>/steps/<int:step>"): READER,
    ("GET", "/v1/reader-agents/offer"): _staff(Permission.READER_AGENTS_MANAGE),
    ("POST", "/v1/reader-agents"): _staff(Permission.READER_AGENTS_MANAGE),
    ("GET", "/v1/reader-agents"): _staff(Permission.READER_AGENTS_MANAGE),
    ("POST", "/v1/reader-agents/<agent_id>/confirmations"): _staff(Permission.READER_AGENTS_CONFIRM, fresh_code=True),
    ("DELETE", "/v1/reader-agents/<agent_id>"): _staff(Permission.READER_AGENTS_MANAGE),
    ("POST", "/v1/reader-agents/<agent_id>/jobs"): READER,
    ("POST", "/v1/reader-agents/<agent_id>/answers"): READER,
    ("POST", "/v1/loads"): _staff(Permission.LOADS_TAKE),
    ("GET", "/v1/loads/<load_id>"): _staff(Permission.LOADS_READ),
    ("POST", "/v1/loads/<load_id>/give-backs"): _staff(Permission.LOADS_GIVE_BACK, fresh_code=True),
    ("POST", "/v1/unloads"): _staff(Permission.UNLOADS_TAKE),
    ("GET", "/v1/unloads/<unload_id>"): _staff(Permission.UNLOADS_READ),
    ("POST", "/v1/unloads/<unload_id>/withdrawals"): _staff(Permission.UNLOADS_TAKE),
    ("POST", "/v1/unloads/<unload_id>/pay-outs"): _staff(Permission.UNLOADS_PAY_OUT, fresh_code=True),
    ("POST", "/v1/online-accounts"): _staff(Permission.ACCOUNTS_OPEN),
    ("GET", "/v1/online-accounts/<account_id>"): _staff(Permission.CARDS_READ),
    ("POST", "/v1/online-accounts/<account_id>/cards"): _staff(Permission.ACCOUNTS_OPEN),
    ("POST", "/v1/online-accounts/<account_id>/top-ups"): _staff(Permission.TOP_UPS_TAKE),
    ("GET", "/v1/payments/<payment_id>"): _staff(Permission.PAYMENTS_READ),
    ("POST", "/v1/payments/<payment_id>/refunds"): _staff(Permission.REFUNDS_PROPOSE),
    ("GET", "/v1/payment-findings"): _staff(Permission.FINDINGS_READ),
    ("POST", "/webhooks/stripe"): Access(Door.OPEN),
    ("GET", "/v1/findings"): _staff(Permission.FINDINGS_READ),
    ("GET", "/v1/findings/<tap_id>"): _staff(Permission.FINDINGS_READ),
    ("GET", "/v1/finding-totals"): _staff(Permission.FINDINGS_READ),
    ("POST", "/v1/tap-decisions"): _staff(Permission.FINDINGS_DECIDE),
    ("POST", "/v1/tap-notes"): _staff(Permission.FINDINGS_DECIDE),
    ("GET", "/v1/upload-limits"): _staff(Permission.FINDINGS_READ),
    ("POST", "/v1/upload-limits/<limit_id>/releases"): _staff(Permission.LIMITS_RELEASE),
    ("POST", "/v1/cards/<card_id>/replacements"): _staff(Permission.CARDS_REPLACE),
    ("GET", "/v1/days/open"): _staff(Permission.SETTLEMENT_READ),
    ("POST", "/v1/day-closes"): _staff(Permission.DAYS_CLOSE),
    ("GET", "/v1/day-closes/<day:day>"): _staff(Permission.SETTLEMENT_READ),
    ("GET", "/v1/trial-balance"): _staff(Permission.LEDGER_READ),
    ("POST", "/v1/ledger-proofs"): _staff(Permission.LEDGER_PROVE),
    ("GET", "/v1/accounts/<code>/balance"): _staff(Permission.LEDGER_READ),
    ("GET", "/v1/accounts/<code>/statement"): _staff(Permission.LEDGER_READ),
    ("GET", "/console/sign-in"): PAGE,
    ("POST", "/console/sign-in"): PAGE,
    ("POST", "/console/sign-out"): console(),
    ("GET", "/console/code"): console(),
    ("POST", "/console/code"): console(),
    ("GET", "/console/password"): console(),
    ("POST", "/console/password"): console(),
    ("GET", "/console"): console(),
    ("POST", "/console/searches"): console(Permission.PEOPLE_READ),
    ("GET", "/console/people/new"): console(Permission.PEOPLE_REGISTER),
    ("POST", "/console/people"): console(Permission.PEOPLE_REGISTER),
    ("GET", "/console/people/<person_id>"): console(Permission.PEOPLE_READ),
    ("GET", "/console/people/<person_id>/social-security"): console(Permission.SOCIAL_SECURITY_LINK),
    ("POST", "/console/people/<person_id>/social-security"): console(Permission.SOCIAL_SECURITY_LINK),
    ("GET", "/console/people/<person_id>/revelation"): console(Permission.PEOPLE_REVEAL, fresh_code=True),
    ("POST", "/console/people/<person_id>/revelation"): console(Permission.PEOPLE_REVEAL, fresh_code=True),
    ("GET", "/console/people/<person_id>/cards/new"): console(Permission.CARDS_APPLY),
    ("POST", "/console/people/<person_id>/cards"): console(Permission.CARDS_APPLY),
    ("GET", "/console/cards/<card_id>"): console(Permission.CARDS_READ),
    ("GET", "/console/cards/<card_id>/replacement"): console(Permission.CARDS_REPLACE),
    ("POST", "/console/cards/<card_id>/replacements"): console(Permission.CARDS_REPLACE),
    ("GET", "/console/findings"): console(Permission.FINDINGS_READ),
    ("GET", "/console/findings/<tap_id>"): console(Permission.FINDINGS_READ),
    ("GET", "/console/finding-decisions"): console(Permission.FINDINGS_DECIDE),
    ("POST", "/console/finding-decisions"): console(Permission.FINDINGS_DECIDE),
    ("POST", "/console/finding-decisions/goodwill"): console(Permission.FINDINGS_DECIDE),
    ("POST", "/console/finding-notes"): console(Permission.FINDINGS_DECIDE),
    ("GET", "/console/upload-limits/<limit_id>"): console(Permission.LIMITS_RELEASE),
    ("POST", "/console/upload-limits/<limit_id>/releases"): console(Permission.LIMITS_RELEASE),
    ("GET", "/console/cards/<card_id>/issuing"): console(Permission.CARDS_PERSONALISE),
    ("POST", "/console/cards/<card_id>/activation"): console(Permission.CARDS_ACTIVATE),
    ("GET", "/console/cards/<card_id>/loss"): console(Permission.CARDS_REPORT_LOSS),
    ("POST", "/console/cards/<card_id>/loss-reports"): console(Permission.CARDS_REPORT_LOSS),
    ("POST", "/console/cards/<card_id>/loss-releases"): console(Permission.CARDS_REPORT_LOSS),
    ("POST", "/console/cards/<card_id>/account"): console(Permission.ACCOUNTS_OPEN),
    ("GET", "/console/cards/<card_id>/loads/new"): console(Permission.LOADS_TAKE),
    ("POST", "/console/cards/<card_id>/loads"): console(Permission.LOADS_TAKE),
    ("GET", "/console/loads/<load_id>"): console(Permission.LOADS_READ),
    ("POST", "/console/loads/<load_id>/give-backs"): console(Permission.LOADS_GIVE_BACK, fresh_code=True),
    ("GET", "/console/cards/<card_id>/unloads/new"): console(Permission.UNLOADS_TAKE),
    ("POST", "/console/cards/<card_id>/unloads"): console(Permission.UNLOADS_TAKE),
    ("GET", "/console/unloads/<unload_id>"): console(Permission.UNLOADS_READ),
    ("POST", "/console/unloads/<unload_id>/withdrawals"): console(Permission.UNLOADS_TAKE),
    ("POST", "/console/unloads/<unload_id>/pay-outs"): console(Permission.UNLOADS_PAY_OUT, fresh_code=True),
    ("GET", "/console/accounts/<account_id>/top-ups/new"): console(Permission.TOP_UPS_TAKE),
    ("POST", "/console/accounts/<account_id>/top-ups"): console(Permission.TOP_UPS_TAKE),
    ("GET", "/console/payments/<payment_id>"): console(Permission.PEOPLE_READ),
    ("POST", "/console/payments/<payment_id>/refunds"): console(Permission.REFUNDS_PROPOSE),
    ("GET", "/console/approvals"): console(Permission.APPROVALS_READ),
    ("GET", "/console/approvals/<approval_id>"): console(Permission.APPROVALS_READ),
    ("POST", "/console/approvals/<approval_id>/decisions"): console(Permission.APPROVALS_DECIDE, fresh_code=True),
    ("GET", "/console/tariffs"): console(Permission.TARIFFS_READ),
    ("GET", "/console/tariffs/new"): console(Permission.TARIFFS_PROPOSE),
    ("POST", "/console/tariffs"): Access(Door.CONSOLE, (Permission.TARIFFS_PROPOSE,), max_body_bytes=TARIFF_BODY_BYTES),
    ("GET", "/console/tariffs/<int:version>"): console(Permission.TARIFFS_READ),
    ("GET", "/console/tariffs/<int:version>/file"): console(Permission.TARIFFS_READ),
    ("POST", "/console/tariffs/<int:version>/rollbacks"): console(Permission.TARIFFS_PROPOSE),
    ("POST", "/console/tariffs/<int:version>/withdrawals"): console(Permission.TARIFFS_PROPOSE),
    ("GET", "/console/terminals"): console(Permission.TERMINALS_READ),
    ("GET", "/console/terminals/new"): console(Permission.TERMINALS_MANAGE),
    ("POST", "/console/terminals"): console(Permission.TERMINALS_MANAGE),
    ("GET", "/console/terminals/software"): console(Permission.TERMINALS_READ),
    ("POST", "/console/terminals/software"): console(Permission.TERMINALS_MANAGE),
    ("GET", "/console/terminals/<terminal_id>"): console(Permission.TERMINALS_READ),
    ("GET", f"/console/terminals/<terminal_id>/{TERMINAL_ACTS}"): TERMINAL_ACT,
    ("POST", f"/console/terminals/<terminal_id>/{TERMINAL_ACTS}"): TERMINAL_ACT,
    ("GET", "/console/terminals/<terminal_id>/codes"): console(Permission.TERMINALS_MANAGE),
    ("POST", "/console/terminals/<terminal_id>/codes"): console(Permission.TERMINALS_MANAGE),
    ("GET", "/console/terminals/<terminal_id>/place"): console(Permission.TERMINALS_MANAGE),
    ("POST", "/console/terminals/<terminal_id>/place"): console(Permission.TERMINALS_MANAGE),
    ("GET", "/console/merchants"): console(Permission.MERCHANTS_READ),
    ("GET", "/console/merchants/new"): console(Permission.MERCHANTS_MANAGE),
    ("POST", "/console/merchants"): console(Permission.MERCHANTS_MANAGE),
    ("GET", "/console/merchants/<merchant_id>"): console(Permission.MERCHANTS_READ),
    ("GET", "/console/merchants/<merchant_id>/lines/new"): console(Permission.MERCHANTS_MANAGE),
    ("POST", "/console/merchants/<merchant_id>/lines"): console(Permission.MERCHANTS_MANAGE),
    ("GET", "/console/merchants/<merchant_id>/outlets/new"): console(Permission.MERCHANTS_MANAGE),
    ("POST", "/console/merchants/<merchant_id>/outlets"): console(Permission.MERCHANTS_MANAGE),
    ("POST", "/console/merchant-outlets/<outlet_id>/closings"): console(Permission.MERCHANTS_MANAGE),
    ("GET", "/console/merchants/<merchant_id>/contacts/new"): console(Permission.MERCHANTS_MANAGE),
    ("POST", "/console/merchants/<merchant_id>/contacts"): console(Permission.MERCHANTS_MANAGE),
    ("GET", "/console/merchants/<merchant_id>/bank-accounts/new"): console(Permission.MERCHANTS_MANAGE),
    ("POST", "/console/merchants/<merchant_id>/bank-accounts"): console(Permission.MERCHANTS_MANAGE),
    ("GET", "/console/bank-accounts/<bank_account_id>/withdrawal"): console(Permission.BANK_ACCOUNTS_TAKE_BACK),
    ("POST", "/console/bank-accounts/<bank_account_id>/withdrawal"): console(Permission.BANK_ACCOUNTS_TAKE_BACK),
    ("GET", "/console/bank-accounts/<bank_account_id>/revelation"): MERCHANT_CLEAR,
    ("POST", "/console/bank-accounts/<bank_account_id>/revelation"): MERCHANT_CLEAR,
    ("GET", "/console/merchant-contacts/<contact_id>/revelation"): MERCHANT_CLEAR,
    ("POST", "/console/merchant-contacts/<contact_id>/revelation"): MERCHANT_CLEAR,
    ("POST", "/console/merchant-notices/<notice_id>/tellings"): console(Permission.BANK_ACCOUNTS_TAKE_BACK),
    ("GET", "/console/reader-agents"): console(Permission.READER_AGENTS_MANAGE),
    ("POST", "/console/reader-agents"): console(Permission.READER_AGENTS_MANAGE),
    ("GET", "/console/reader-agents/<agent_id>"): console(Permission.READER_AGENTS_MANAGE),
    ("POST", "/console/reader-agents/<agent_id>/confirmations"): console(
        Permission.READER_AGENTS_CONFIRM, fresh_code=True
    ),
    ("POST", "/console/reader-agents/<agent_id>/endings"): console(Permission.READER_AGENTS_MANAGE),
    ("POST", "/console/reader-agents/<agent_id>/choices"): console(Permission.READER_AGENTS_MANAGE),
    ("POST", "/console/reader-steps"): READER_PAGE,
    ("POST", "/console/reader-answers"): READER_PAGE,
    ("GET", "/portal/sign-in"): PAGE,
    ("POST", "/portal/sign-in"): PAGE,
    ("POST", "/portal/sign-out"): PORTAL,
    ("GET", "/portal/password"): PORTAL,
    ("POST", "/portal/password"): PORTAL,
    ("GET", "/portal/register"): PAGE,
    ("POST", "/portal/register"): PAGE,
    ("GET", "/portal/reset"): PAGE,
    ("POST", "/portal/reset"): PAGE,
    ("POST", "/portal/proof-steps"): PAGE,
    ("GET", "/portal"): PORTAL,
    ("POST", "/portal/account-openings"): PORTAL,
    ("GET", "/portal/account"): PORTAL,
    ("GET", "/portal/cards"): PORTAL,
    ("GET", "/portal/cards/<card_id>"): PORTAL,
    ("GET", "/portal/cards/<card_id>/loss"): PORTAL,
    ("POST", "/portal/cards/<card_id>/loss"): PORTAL,
    ("GET", "/portal/households"): PORTAL,
    ("POST", "/portal/households"): PORTAL,
    ("POST", "/portal/households/<household_id>/removal"): PORTAL,
    ("GET", "/portal/bills"): PORTAL,
    ("GET", "/portal/bills/<bill_id>"): PORTAL,
    ("GET", "/portal/bills/<bill_id>/account-payment"): PORTAL,
    ("POST", "/portal/bills/<bill_id>/account-payment"): PORTAL,
    ("POST", "/portal/bills/<bill_id>/payments"): PORTAL,
    ("GET", "/portal/top-ups"): PORTAL,
    ("POST", "/portal/top-ups"): PORTAL,
    ("GET", "/portal/payments/<payment_id>"): PORTAL,
    ("POST", "/portal/payments/<payment_id>/confirmation"): PORTAL,
    ("POST", "/portal/payments/<payment_id>/cancellation"): PORTAL,
    ("GET", "/portal/receipts"): PORTAL,
    ("POST", "/v1/utility-services"): _staff(Permission.BILLS_MANAGE),
    ("POST", "/v1/bill-imports"): Access(Door.STAFF, (Permission.BILLS_MANAGE,), max_body_bytes=UPLOAD_BODY_BYTES),
    ("GET", "/v1/bills"): _staff(Permission.BILLS_READ),
    ("POST", "/v1/hotlist-blocks"): _staff(Permission.DEVICE_LISTS_MANAGE),
    ("GET", "/v1/hotlist-blocks"): _staff(Permission.DEVICE_LISTS_MANAGE),
    ("POST", "/v1/hotlist-blocks/<int:block_id>/removals"): _staff(Permission.DEVICE_LISTS_MANAGE),
    ("POST", "/v1/partner-issuers"): _staff(Permission.DEVICE_LISTS_MANAGE),
    ("GET", "/v1/partner-issuers"): _staff(Permission.DEVICE_LISTS_MANAGE),
    ("POST", "/v1/partner-issuers/<int:issuer_id>/withdrawals"): _staff(Permission.DEVICE_LISTS_MANAGE),
    ("GET", "/v1/list-lags"): _staff(Permission.DEVICE_LISTS_MANAGE),
    ("POST", "/terminals/enrolments"): OPEN,
    ("POST", "/terminals/keys"): OPEN,
    ("POST", "/terminals/sign-ins"): TERMINAL,
    ("GET", "/terminals/parameters"): TERMINAL,
    ("GET", "/terminals/hotlist"): TERMINAL,
    ("GET", "/terminals/issuers"): TERMINAL,
    ("POST", "/terminals/heartbeats"): TERMINAL,
    ("POST", "/terminals/gaps"): TERMINAL,
    ("POST", "/terminals/sign-outs"): TERMINAL,
    ("POST", "/terminals/batches"): UPLOAD,
    ("POST", "/terminals/purchases"): UPLOAD,
    ("POST", "/terminals/online-purchases"): TERMINAL,
    ("POST", "/terminals/online-reversals"): TERMINAL,
    ("POST", "/terminals/holds"): TERMINAL,
    ("POST", "/terminals/hold-settlements"): TERMINAL,
    ("POST", "/terminals/hold-releases"): TERMINAL,
    ("POST", "/terminals/balances"): TERMINAL,
    ("POST", "/terminals/loads"): TERMINAL,
    ("POST", "/terminals/loads/probes"): TERMINAL,
    ("POST", "/terminals/loads/proofs"): TERMINAL,
    ("POST", "/terminals/loads/give-backs"): TERMINAL,
    ("GET", "/v1/unpaid-hold-settlements"): _staff(Permission.FINDINGS_READ),
    ("POST", "/terminals/parking/entries"): TERMINAL,
    ("POST", "/terminals/parking/quotes"): TERMINAL,
    ("POST", "/terminals/parking/exits"): TERMINAL,
}
