"""A resident at the portal's pages, at the computer in the hall: a login by proof of the card, a bill, payments, receipts."""

import json
import secrets
import time
from contextlib import suppress
from datetime import UTC, datetime

import pyotp

from demo.browser import Browser, Page, PageRefused
from demo.city import City
from demo.counter import Rider
from demo.staff import TOTP_PERIOD_S, JobFailed
from demo.workstation import AgentRefused

BILLS, HOUSEHOLDS, REGISTER, TOP_UPS = "/portal/bills", "/portal/households", "/portal/register", "/portal/top-ups"
GOOD_CARD, DECLINED_CARD = "pm_card_visa", "pm_card_chargeCustomerFail"
"""The provider's test methods: one that is paid, one that the bank declines. No cards."""
AGENT_COOKIE = "__Host-citizencard-agent"
MOVING = {"unknown", "processing", "action"}
SETTLED_WITHIN_S = 400
LOOK_AGAIN_S = 0.5
PROOFS = 10


class Portal:
    """A resident's visit.

    Args:
        city: running; its workstation is open.
        login: the resident's, as it is or shall be.
    """

    def __init__(self, city: City, login: str) -> None:
        self._city = city
        self.login = login
        self.browser = Browser(city.server.address, city.state.get("hall_cookies"))

    def prepare(self) -> bool:
        """See to it that the browser in the hall knows the reader beside it: a guide signs in and chooses it, once.

        Returns:
            Whether it had to be done.
        """
        if self.browser.cookies.get(AGENT_COOKIE) == self._city.workstation.agent_id:
            return False
        known = self._city.state["logins"]["guide"]
        for attempt in range(2):
            self.browser.open("/console/sign-in")
            code = pyotp.TOTP(known["totp_secret"]).now()
            try:
                self.browser.submit("/console/sign-in", login="guide", password=known["password"], code=code)
                break
            except PageRefused:
                if attempt:
                    raise
                time.sleep(TOTP_PERIOD_S - datetime.now(UTC).timestamp() % TOTP_PERIOD_S + 1)
        self.browser.open("/console/reader-agents")
        self.browser.submit(f"/console/reader-agents/{self._city.workstation.agent_id}/choices")
        self.browser.submit("/console/sign-out")
        self._city.state["hall_cookies"] = {AGENT_COOKIE: self.browser.cookies[AGENT_COOKIE]}
        self._city.remember()
        return True

    def register(self, rider: Rider) -> None:
        """Make a login with the card in the reader, which signs a challenge.

        Raises:
            JobFailed: the card's proof was not taken.
        """
        kept = self._city.state.setdefault("residents", {})
        password = kept.setdefault(self.login, {"password": secrets.token_urlsafe(12)})["password"]
        self._city.remember()
        with self._city.workstation.inserted(rider.image):
            for _ in range(PROOFS):
                with suppress(PageRefused, AgentRefused):
                    self._prove_and_send(password)
                    return
                # The answer may have been lost when the login was made already.
                with suppress(PageRefused):
                    self.sign_in()
                    return
        raise JobFailed(f"{self.login} could not register with the card")

    def _prove_and_send(self, password: str) -> None:
        form = self.browser.open(REGISTER).form(REGISTER)
        handed = self.browser.post_json(
            form.data["data-begin"], json.loads(form.data["data-body"]), form.data["data-csrf"]
        )
        answer = self._city.workstation.carry(handed["signed"])
        self.browser.submit(REGISTER, login=self.login, new=password, again=password, answer=json.dumps(answer))

    def sign_in(self) -> None:
        """Sign in with the login that was made."""
        password = self._city.state["residents"][self.login]["password"]
        self.browser.open("/portal/sign-in")
        self.browser.submit("/portal/sign-in", login=self.login, password=password)

    def sign_out(self) -> None:
        """Leave the computer to the next one."""
        self.browser.open("/portal")
        self.browser.submit("/portal/sign-out")

    def add_household(self, number: str, latest: str) -> Page:
        """Say which household's bills are wanted; `latest` is what its latest bill amounts to, in yuan."""
        self.browser.open(HOUSEHOLDS)
        service_id = str(self._city.state["water_service_id"])
        return self.browser.submit(HOUSEHOLDS, service_id=service_id, customer_number=number, proof=latest)

    def bill(self) -> str:
        """Address of the page of the first bill that is to be paid."""
        return self.browser.open(BILLS).link(f"{BILLS}/bil_").partition("?")[0]

    def pay_bill(self, bill: str, way: str) -> tuple[str, str]:
        """Pay a bill on-line.

        Returns:
            Where the payment stands in the end, and its id.
        """
        self.browser.open(bill)
        self.browser.submit(f"{bill}/payments", way=way)
        return self._settle()

    def pay_bill_from_account(self, bill: str) -> Page:
        """Pay a bill from the on-line account, asked once more before."""
        self.browser.open(f"{bill}/account-payment")
        return self.browser.submit(f"{bill}/account-payment")

    def top_up(self, yuan: str) -> tuple[str, str]:
        """Top the on-line account up on-line; as `pay_bill`."""
        self.browser.open(TOP_UPS)
        self.browser.submit(TOP_UPS, amount_fen=yuan, way=GOOD_CARD)
        return self._settle()

    def receipt(self) -> str:
        """Token of the receipt that the present page shows."""
        return self.browser.page.link("/verify/").removeprefix("/verify/").partition("?")[0]

    def _settle(self) -> tuple[str, str]:
        """Confirm the payment of the present page, and look again until it is decided."""
        path = self.browser.path
        deadline = time.monotonic() + SETTLED_WITHIN_S
        while time.monotonic() < deadline:
            state = self.browser.page.states.get("payment", "")
            if state == "confirm":
                self.browser.submit(f"{path}/confirmation")
            elif state in MOVING:
                time.sleep(LOOK_AGAIN_S)
                self.browser.open(path)
            else:
                return state, path.rpartition("/")[2]
        raise JobFailed(f"nobody knows what became of {path}")
