"""The chapter of pages that the whole console is."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint

from api.web.page import page_blueprint
from citizencard.cards.hotlist_acts import BLOCK, UNBLOCK
from citizencard.checkout.refunds import PAYMENT_REFUND
from citizencard.merchants.bank_accounts import BANK_ACCOUNT
from citizencard.settlement.findings.lines import TAP_DECIDE
from citizencard.tariffs.drafts.rollbacks import ROLL_BACK
from citizencard.tariffs.drafts.withdrawals import WITHDRAW
from citizencard.tariffs.versions import PUBLISH
from citizencard.terminals.fitting.invitations import INVITE
from citizencard.terminals.issuers import ADMIT, WITHDRAW_ISSUER
from citizencard.terminals.life import ENABLE
from citizencard.terminals.registry import BIND, UNBIND

pages: Final[Blueprint] = page_blueprint("console", "api.console")
steps: Final = Blueprint("console_steps", "api.console")
"""What the script of the reader asks for: JSON, and problem documents as refusals."""

TONES: Final[Mapping[str, str]] = {
    "active": "calm",
    "applied": "accent",
    "personalised": "accent",
    "issued": "accent",
    "temp_lost": "warning",
    "lost": "danger",
    "blocked": "danger",
}
LOAD_TONES: Final[Mapping[str, str]] = {
    "proven": "calm",
    "authorised": "warning",
    "reserved": "warning",
    "disproven": "danger",
}
KNOWN_ACTS: Final = frozenset(
    {
        PAYMENT_REFUND,
        PUBLISH,
        ROLL_BACK,
        WITHDRAW,
        BIND,
        TAP_DECIDE,
        BLOCK,
        UNBLOCK,
        ADMIT,
        WITHDRAW_ISSUER,
        UNBIND,
        ENABLE,
        INVITE,
        BANK_ACCOUNT,
    }
)
"""Acts of approvals that have a name in the catalogue; others are shown as what they carry."""


@pages.context_processor
def tones() -> dict[str, Any]:
    """How states are coloured, beside their words."""
    return {"tones": TONES, "load_tones": LOAD_TONES, "known_acts": KNOWN_ACTS}
