"""Taps in doubt, in a real browser: the queue, one tap, a decision as it is proposed and as the second person reads it."""

from datetime import timedelta
from typing import Final

import pytest
from playwright.sync_api import Browser

from citizencard.audit import Actor
from citizencard.clock import now
from citizencard.db import transaction
from citizencard.merchants.registry import register_merchant
from citizencard.purse.decisions.models import Outcome
from citizencard.purse.uploads.models import (
    FindingKind,
    LimitKind,
    TapFinding,
    TapRecord,
    UploadBatch,
    UploadLimit,
    Verdict,
)
from citizencard.settlement.findings.deciding import propose_decisions
from citizencard.settlement.findings.lines import DecisionLine
from citizencard.staff.permissions import Role
from citizencard.terminals.registry import register_terminal
from tests.browser.town import Town
from tests.browser.window import LOCALES, Window

FINANCE: Final = Actor("staff", "stf_finance", person_id="P-0300", role="finance", workstation="desk")
LONG: Final = "示范市公共交通集团有限责任公司第十二分公司北部停保场及充电站"
SERIAL: Final = bytes.fromhex("03302000000000000015")


@pytest.fixture(scope="module")
def places(town: Town) -> dict[str, str]:
    """Pages about 30 taps in doubt, a rejected record, a limit, and a proposal that waits."""
    at = now() - timedelta(days=5)
    with transaction(town.sessions) as session:
        merchant = register_merchant(session, LONG, "bus", now=at).id
        terminal = register_terminal(session, LONG, "bus_validator", now=at).id
        batch = UploadBatch(
            digest="f" * 64, outcome="taken", form="json", sender_id=terminal, raw=b"{}", received_at=at
        )
        session.add(batch)
        session.flush()
        records = [
            TapRecord(
                digest=f"{number:064d}", identity=None if number == 30 else f"{number:032d}", batch_id=batch.id,
                ordinal=number, kind=1, verdict=Verdict.REJECTED if number == 30 else Verdict.SUSPICIOUS,
                reason="bad_tac" if number == 30 else "hotlisted", terminal_number=bytes.fromhex("330299990001"),
                terminal_sequence=number, card_serial=SERIAL, card_counter=number, card_id=None, card_class=1,
                merchant_id=merchant if number % 2 else None, line=26, tac=bytes(4), amount_fen=123_456_789,
                balance_after_fen=100, subsidy_fen=0, tapped_at=at + timedelta(minutes=number), received_at=at,
                explanation={"paid_fen": 1}, tariff_version=3,
            )
            for number in range(31)
        ]  # fmt: skip
        session.add_all(records)
        session.flush()
        first, second = records[1].id, records[3].id
        for kind in (FindingKind.COUNTER_FORK, FindingKind.IMPOSSIBLE_TRAVEL, FindingKind.OVER_GUARANTEE):
            session.add(TapFinding(record_id=first, kind=kind, detail={"other": 7, "minutes": 1}, found_at=at))
        limit = UploadLimit(kind=LimitKind.TERMINAL, subject="330299990001", cause_record_id=records[30].id, set_at=at)
        session.add(limit)
        session.flush()
        lines = [DecisionLine(second, Outcome.MERCHANT, 123_456_789)]
        approval = propose_decisions(session, lines, LONG * 4, FINANCE, now()).id
    return {
        "findings": "/console/findings",
        "finding": f"/console/findings/tap_{first}",
        "finding-decision": "/console/finding-decisions?kind=hotlisted",
        "finding-goodwill": f"/console/finding-decisions?tap=tap_{records[30].id}&about=goodwill",
        "upload-limit": f"/console/upload-limits/lim_{limit.id}",
        "approval-taps": f"/console/approvals/{approval}",
    }


@pytest.mark.parametrize("language", LOCALES)
def test_pages_about_findings(chromium: Browser, town: Town, places: dict[str, str], language: str) -> None:
    """Whoever decides about doubtful taps reads every page at every size, without a word cut off."""
    with Window(chromium, town, language=language) as window:
        window.sign_in(town.hire(Role.SUPERVISOR))
        for name, path in places.items():
            assert window.open(path).status == 200, path
            window.seen(f"page-{name}")
