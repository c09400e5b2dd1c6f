"""A tariff from the file to the yes of a second person, in a real browser: mistakes, what it changes on yesterday's taps, going back."""

import json
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from citizencard.clock import BEIJING, now
from citizencard.db import reading, transaction
from citizencard.purse.uploads.models import TapRecord, UploadBatch, Verdict
from citizencard.staff.permissions import Role
from citizencard.tariffs.document import read
from citizencard.tariffs.transit.pricing import Anchor, Ride, price
from citizencard.tariffs.versions import in_force
from citizencard.terminals.models import Terminal
from tests.browser.town import Town
from tests.browser.window import LOCALES, Window
from tests.citizencard.purse.uploads.make_records import TARIFF, a_card, a_device, file_of, tap

FORM: Final = "/console/tariffs"
TAPS: Final = 12


@pytest.fixture(scope="module")
def yesterday(town: Town) -> datetime:
    """A day with a dozen rides, every other one a change of lines."""
    noon = (now().astimezone(BEIJING) - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    tariff = read(TARIFF)
    device, card = a_device(1), a_card(1)
    records = []
    for number in range(TAPS):
        at = noon + timedelta(minutes=10 * number)
        anchor = Anchor(2, at - timedelta(minutes=5)) if number % 2 else None
        priced = price(tariff, Ride(1, 1, at, anchor))
        records.append((tap(device, card, at, priced.quote.minor), at, priced))
    with transaction(town.sessions) as session:
        batch = UploadBatch(
            digest="d" * 64,
            outcome="taken",
            form="file",
            sender_id=session.scalars(select(Terminal.id)).first(),
            raw=file_of(device, [record for record, _, _ in records]),
            received_at=now(),
        )
        session.add(batch)
        session.flush()
        session.add_all(
            TapRecord(
                digest=record.digest(device.number),
                identity=record.identity(device.number),
                batch_id=batch.id,
                ordinal=ordinal,
                kind=record.kind,
                verdict=Verdict.ACCEPTED,
                terminal_number=device.number,
                terminal_sequence=record.terminal_sequence,
                card_serial=card.serial,
                card_counter=record.card_counter,
                card_class=1,
                line=1,
                tac=record.tac,
                amount_fen=record.amount_fen,
                balance_after_fen=record.balance_after_fen,
                subsidy_fen=sum(priced.quote.sponsored().values()),
                tapped_at=at,
                received_at=now(),
                explanation={**priced.quote.as_data(), "subsidies": priced.quote.sponsored()},
            )
            for ordinal, (record, at, priced) in enumerate(records)
        )
    return noon


def dearer() -> dict[str, Any]:
    """2.50 on line 1, children for half the fare, and at most 10.00 a day."""
    document = deepcopy(TARIFF)
    transit = document["transit"]
    transit["lines"]["1"]["fare"]["flat"] = "2.50"
    transit["classes"]["02"] = {"name": "child", "title": "儿童卡"}
    transit["concessions"].insert(0, {"name": "child", "classes": ["02"], "pays": "0.5"})
    transit["caps"] = [{"name": "daily", "period": "day", "most": "10.00", "sponsor": "city"}]
    return document


@pytest.mark.usefixtures("yesterday")
@pytest.mark.parametrize("language", LOCALES)
def test_from_the_file_to_the_yes(chromium: Browser, town: Town, tmp_path: Path, language: str) -> None:
    """The desk chooses a file, mends what is wrong, sees what it changes, proposes it; the supervisor sees the same before the yes."""
    file = tmp_path / "tariff.json"
    later = (now() + timedelta(days=30)).strftime("%Y-%m-%dT00:00")
    with Window(chromium, town, language=language) as window:
        window.sign_in(town.hire(Role.FINANCE))
        window.open("/console/tariffs")
        window.seen("tariffs")
        with reading(town.sessions) as session:
            present = in_force(session, now()).version
        window.follow(f"/console/tariffs/{present}")
        window.seen("tariff")
        window.open("/console/tariffs/new")
        window.seen("tariff-new")
        broken = dearer() | {"currency": "yuan", "taxis": {}}
        broken["transit"]["concessions"][1]["pays"] = "1.5"
        file.write_text(json.dumps(broken, ensure_ascii=False, indent=1), encoding="utf-8")
        window.page.set_input_files("#file", file)
        window.page.wait_for_function("document.querySelector('#document').value.length > 100")
        window.send(FORM, 422)
        assert "transit.concessions.1.pays" in window.words()
        window.seen("tariff-faults")
        window.fill(document=json.dumps(dearer()), effective_from=later, wish="look")
        window.send(FORM)
        assert "¥2.50" in window.words()
        window.seen("tariff-looked-at")
        window.fill(wish="propose")
        window.send(FORM)
        path = window.path
        window.seen("tariff-proposed")
    with Window(chromium, town, language=language) as window:
        window.sign_in(town.hire(Role.SUPERVISOR))
        window.open(path)
        assert "¥2.25" in window.words()
        window.seen("tariff-approval")
