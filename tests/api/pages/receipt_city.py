"""A paid water bill, and a browser before it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import Flask

from api import create_app
from citizencard.billing.paying import pay_from_account
from citizencard.config import Settings
from citizencard.db import Sessions, transaction
from citizencard.keys.hsm import Hsm
from citizencard.receipts.issuing import NewReceipt, issue
from citizencard.receipts.models import Receipt
from tests.api.doors import shared_doors
from tests.api.world import Clock
from tests.citizencard.billing.make_bills import Waterworks
from tests.citizencard.staff.make_staff import CHEAP

PUBLIC_URL = "https://card.example.test"
MakeCity = Callable[[str], "ReceiptCity"]


@dataclass(frozen=True, slots=True)
class ReceiptCity:
    """A city where 18 t of water were paid from an account."""

    app: Flask
    sessions: Sessions
    now: datetime
    receipt: Receipt

    @classmethod
    def open(
        cls, sessions: Sessions, hsm: Hsm, now: datetime, folder: Path, realm: str = "production"
    ) -> "ReceiptCity":
        """Set everything up."""
        works = Waterworks.open(sessions, now)
        bill_id = works.bill()
        with transaction(sessions) as session:
            receipt = pay_from_account(session, bill_id, works.account_id, works.deed()).receipt
        settings = Settings(
            "sqlite:///unused",
            folder / "vault",
            folder / "passphrase",
            "test" if realm == "test" else "production",
            PUBLIC_URL,
        )
        app = create_app(settings, hsm, sessions, now=Clock(now), passwords=CHEAP, doors=shared_doors)
        return cls(app, sessions, now, receipt)

    def give(self, new: NewReceipt) -> Receipt:
        """Another slip."""
        with transaction(self.sessions) as session:
            return issue(session, new, self.now)

    @property
    def address(self) -> str:
        """What the code on the slip leads to."""
        return f"{PUBLIC_URL}/verify/{self.receipt.token}"
