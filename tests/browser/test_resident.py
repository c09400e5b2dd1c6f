"""A resident with a card: a login by its proof, what was ridden and why it cost that, a water bill, a receipt that anybody can check."""

import io
import re

import pypdf
from playwright.sync_api import Browser

from citizencard.cards.models import Card
from citizencard.staff.permissions import Role
from tests.browser.counter import place_reader
from tests.browser.town import Town
from tests.browser.window import Window
from tests.citizencard.staff.make_staff import PASSWORD
from tests.reader.stack import RunningAgent, VirtualReader

DECLINED = "pm_card_chargeCustomerFail"
PAID = "pm_card_visa"
REFUNDS = 'main a[href^="/console/approvals/"]:has-text("Refund")'


def test_resident_pays_a_bill_and_gets_it_back(
    chromium: Browser, town: Town, agent: RunningAgent, reader: VirtualReader
) -> None:
    """From the card alone to a receipt: a login, journeys told, ¥49.50 paid after a decline, checked, refunded by two people."""
    card, chip = town.card()
    town.rides(card, chip)
    house, _serial = town.bill(18)
    with Window(chromium, town) as window, Window(chromium, town, language="en") as other:
        place_reader(window, agent)
        reader.insert(chip)
        _registered(window, other)
        _looked_at(window, card)
        bill = _linked(window, house)
        _paid(window, bill)
        payment = window.path
        _verified(window, other)
        _topped_up(window)
        _refunded(other, town, card, payment.replace("/portal", "/console"))
        window.open(payment)
        window.seen("payment-refunded")
        assert window.words().count("¥49.50") >= 2, window.words()
        window.send("/portal/sign-out")
        window.seen("signed-out")
        window.page.go_back()
        assert "¥" not in window.words()
        assert window.path.startswith("/portal/sign-in"), window.path


def _registered(window: Window, other: Window) -> None:
    """A login is made where a reader stands, and only there."""
    other.open("/portal/sign-in")
    other.seen("portal-sign-in")
    other.follow("/portal/register")
    other.seen("register-no-reader")
    window.open("/portal/register")
    window.seen("register")
    window.fill(login="li.xiaoming", new="short", again="other")
    window.send("/portal/register", status=422)
    window.seen("register-fault")
    window.fill(login="li.xiaoming", new=PASSWORD, again=PASSWORD)
    window.send("/portal/register")
    assert window.path == "/portal", window.words()
    window.seen("portal-start")


def _looked_at(window: Window, card: Card) -> None:
    """What is on the card, and why each journey cost what it did."""
    window.follow("/portal/cards")
    window.seen("portal-cards")
    window.follow(f"/portal/cards/{card.id}")
    window.seen("portal-card")
    assert "¥1.80" in window.words()
    assert "¥0.80" in window.words()


def _linked(window: Window, house: str) -> str:
    """The household is added by what its latest bill says; returns the address of the bill."""
    window.follow("/portal/bills")
    window.seen("bills-none")
    window.follow("/portal/households")
    window.seen("households")
    window.fill(customer_number=house, proof="49.49")
    window.send("/portal/households", status=422)
    window.seen("households-fault")
    window.fill(customer_number=house, proof="49.50")
    window.send("/portal/households")
    window.seen("bills")
    window.page.locator('main a[href^="/portal/bills/bil_"]').first.click()
    window.page.wait_for_load_state()
    window.seen("bill")
    assert "¥49.50" in window.words()
    return window.path


def _paid(window: Window, bill: str) -> None:
    """The first way is declined and nothing is charged; the second pays."""
    window.fill(way=DECLINED)
    window.send(f"{bill}/payments")
    window.seen("payment-confirm")
    window.send(f"{window.path}/confirmation")
    window.page.wait_for_selector('#payment[data-state="declined"]')
    window.seen("payment-declined")
    window.follow(bill)
    window.fill(way=PAID)
    window.send(f"{bill}/payments")
    window.send(f"{window.path}/confirmation")
    window.page.wait_for_selector('#payment[data-state="succeeded"]')
    window.seen("payment-succeeded")
    assert "¥49.50" in window.words()


def _verified(window: Window, other: Window) -> None:
    """The paper says what was paid, and whoever has it can check it."""
    pdf = window.context.request.get(str(window.page.locator("#receipt-pdf").get_attribute("href")))
    assert pdf.headers["content-type"] == "application/pdf"
    words = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf.body())).pages)
    assert "49.50" in words
    address = re.search(re.escape(window.town.address) + r"/verify/[\w-]+", re.sub(r"\s", "", words))
    assert address, words
    token = str(window.page.locator("#receipt-verify").get_attribute("href")).removeprefix("/verify/")
    assert address[0].startswith(f"{window.town.address}/verify/{token}"), "the paper's code leads to another receipt"
    other.open(f"/verify/{token}")
    other.seen("verify")
    assert "¥49.50" in other.words()
    other.open(f"/verify/{token[:-4]}AAAA")
    other.seen("verify-none")
    assert "¥" not in other.words()


def _topped_up(window: Window) -> None:
    """¥30 into the account."""
    window.follow("/portal/top-ups")
    window.seen("top-ups")
    window.fill(amount_fen="30", way=PAID)
    window.send("/portal/top-ups")
    window.send(f"{window.path}/confirmation")
    window.page.wait_for_selector('#payment[data-state="succeeded"]')
    window.seen("top-up-succeeded")
    window.follow("/portal/receipts")
    window.seen("receipts")


def _refunded(window: Window, town: Town, card: Card, payment: str) -> None:
    """Proposed by one, who may not decide on it; decided by another with a fresh code; nothing waits afterwards."""
    maker, checker = town.hire(Role.CLERK, Role.SUPERVISOR, name="Zhou Min"), town.hire(Role.SUPERVISOR, name="Li Na")
    window.sign_in(maker)
    window.open(f"/console/people/{card.person_id}")
    window.seen("person-payments")
    window.follow(payment)
    window.seen("payment")
    window.fill(amount_fen="49.50", reason="paid twice at the counter")
    window.send(f"{payment}/refunds")
    window.seen("payment-proposed")
    window.follow("/console/approvals")
    window.seen("inbox")
    window.page.locator(REFUNDS).first.click()
    window.page.wait_for_load_state()
    window.seen("approval-own")
    approval = window.path
    window.fill(decision="approve")
    window.send(f"{approval}/decisions", status=403)
    window.seen("approval-own-refused")
    window.send("/console/sign-out")
    window.sign_in(checker)
    town.forget_code(checker)
    window.open(approval)
    window.fill(decision="approve")
    window.send(f"{approval}/decisions")
    assert window.path == "/console/code", window.path
    window.seen("code")
    window.fill(code=checker.code())
    window.send("/console/code")
    assert window.path == approval, window.path
    window.fill(decision="approve")
    window.send(f"{approval}/decisions")
    window.seen("approval-done")
    window.open("/console/approvals")
    window.seen("inbox-after")
    assert window.page.locator(REFUNDS).count() == 0
