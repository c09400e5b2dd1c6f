"""A water bill, paid on-line, reported twice, forged, refunded by two people, and paid after all: one resident's morning at the portal."""

import time

from demo.bills import WaterBill
from demo.browser import PageRefused
from demo.counter import Rider
from demo.portal import DECLINED_CARD, GOOD_CARD, Portal
from demo.processes import sweep
from demo.staff import Answer, JobFailed, Refused
from demo.stage import Stage
from demo.telling import typed, yuan

TOP_UP_FEN = 2_000
REPORT = "payment_intent.succeeded"
REFUNDED_WITHIN_S = 400
SWEEP_AFTER_S = 3
LOOK_AGAIN_S = 0.2
FORGED_AMOUNT = b"9950"
FORGED_STATUS = 400
OUTCOMES = {"booked": "booked", "duplicate": "booked before", "noted": "noted", "ignored": "ignored"}


class Online:
    """What one resident does at the portal.

    Args:
        stage: where the day is played; the workstation is open.
        payer: has an active card and an account.
        water: the household's bill.
    """

    def __init__(self, stage: Stage, payer: Rider, water: WaterBill) -> None:
        self._stage = stage
        self._payer = payer
        self._water = water
        self._portal = Portal(stage.city, f"resident{stage.number}")
        self._bill = ""

    def play(self) -> None:
        """The whole morning."""
        self._register()
        self._see_bill()
        self._be_declined()
        began = time.monotonic()
        payment_id = self._pay()
        self._report_again(began)
        self._verify()
        self._refund(payment_id)
        self._pay_after_all()
        self._portal.sign_out()

    def _register(self) -> None:
        story, portal = self._stage.story, self._portal
        story.step("The adult makes a login at the portal: the card in the reader proves whose it is (注册)")
        if portal.prepare():
            story.fact("a guide tells the hall's browser which reader stands beside it", "once")
        portal.register(self._payer)
        story.fact("challenge signed by the card, carried by the agent, login made", portal.login)

    def _see_bill(self) -> None:
        story, portal = self._stage.story, self._portal
        story.step("The household is added by its number and its latest bill; here is what it owes (缴费)")
        portal.add_household(self._water.household, typed(self._water.amount_fen))
        self._bill = portal.bill()
        for row in portal.browser.open(self._bill).rows:
            if len(row) > 1 and row[-1].startswith("¥"):
                story.fact("  ".join(row[:-1]), row[-1])
        self._require_sum(portal.browser.page.words)

    def _be_declined(self) -> None:
        story, portal = self._stage.story, self._portal
        story.step("Paying on-line: the bank declines, then another method is taken")
        state, _ = portal.pay_bill(self._bill, DECLINED_CARD)
        said = "Nothing was charged." if "Nothing was charged" in portal.browser.page.words else "BUT NOTHING IS SAID"
        story.fact(f"first try: {state}", said)
        self._stage.figures["declined payments"] = int(state == "declined")

    def _pay(self) -> str:
        state, payment_id = self._portal.pay_bill(self._bill, GOOD_CARD)
        if state != "succeeded":
            raise JobFailed(f"the payment {payment_id} is {state}")
        self._stage.story.fact(f"second try: {state}; at the stand-in, no money moved", yuan(self._water.amount_fen))
        return payment_id

    def _report_again(self, since: float) -> None:
        story, deliveries = self._stage.story, self._stage.city.deliveries
        story.step("The provider reports the payment; the report comes once more; somebody forges one")
        booked_fen = self._booked_fen()
        first = deliveries.find(REPORT, self._water.amount_fen, since)
        if first is None:
            raise JobFailed("the stand-in has not reported the payment")
        story.fact(f"the report: {first.status} {OUTCOMES.get(str(first.answer.get('outcome')))}", yuan(booked_fen))
        again = deliveries.pass_on(first.body, first.signature)
        story.fact(
            f"the same signed bytes again: {again.status} {OUTCOMES.get(str(again.answer.get('outcome')))}",
            yuan(self._booked_fen()),
        )
        forged = first.body.replace(str(self._water.amount_fen).encode(), FORGED_AMOUNT)
        refused = deliveries.pass_on(forged, first.signature)
        story.fact(f"with another amount: {refused.status} {refused.answer.get('code')}", yuan(self._booked_fen()))
        self._stage.figures["repeated reports booked fen"] = self._booked_fen() - booked_fen
        self._stage.figures["forged reports refused"] = int(refused.status == FORGED_STATUS)

    def _verify(self) -> None:
        story, portal = self._stage.story, self._portal
        story.step("The receipt, for whoever holds it (收据)")
        portal.browser.open(self._bill)
        token = portal.receipt()
        words = portal.browser.open(f"/verify/{token}").words
        self._require_sum(words)
        story.fact("the public page behind its QR code says", yuan(self._water.amount_fen))
        try:
            paper = portal.browser.download(f"/receipts/{token}.pdf")
            story.fact("the paper (PDF)", f"{len(paper):,} bytes")
        except PageRefused as refusal:
            story.fact("no paper here", str(refusal.status))

    def _refund(self, payment_id: str) -> None:
        story, city = self._stage.story, self._stage.city
        clerk, path = city.desk("clerk"), f"/v1/payments/{payment_id}"
        story.step("A refund: proposed by a clerk, decided by a second person (退款)")
        body = {"amount_fen": self._water.amount_fen, "reason": "paid for a neighbour by mistake"}
        approval = clerk.post(f"{path}/refunds", body)
        try:
            clerk.post(f"/v1/approvals/{approval['id']}/decisions", {"decision": "approve", "reason": "my own"})
        except Refused as refusal:
            story.fact(f"the clerk approves it alone: {refusal.status} {refusal.code}", yuan(city.provider.held_fen()))
        city.approve(approval["id"], "checked with the resident")
        refund = self._sent(path)
        story.fact(f"the supervisor approves it: {refund['state']} at the stand-in", yuan(city.provider.held_fen()))
        self._stage.figures["refunded fen"] = refund["amount_fen"] if refund["state"] == "succeeded" else 0

    def _pay_after_all(self) -> None:
        story, portal, counter = self._stage.story, self._portal, self._stage.counter
        story.step(f"The bill is open again: {yuan(TOP_UP_FEN)} are topped up on-line, and the account pays it")
        portal.browser.open(self._bill)
        state, _ = portal.top_up(typed(TOP_UP_FEN))
        story.fact(f"top-up through the stand-in: {state}", yuan(counter.account_fen(self._payer)))
        page = portal.pay_bill_from_account(self._bill)
        paid = "paid" if "/verify/" in " ".join(page.links) else "NOT PAID"
        story.fact(f"the bill is {paid} from the account, which holds", yuan(counter.account_fen(self._payer)))

    def _sent(self, path: str) -> Answer:
        """The refund of a payment once it has come to its end; one whose answer was lost is sent by the sweep."""
        clerk, began = self._stage.city.desk("clerk"), time.monotonic()
        sweep_at = began + SWEEP_AFTER_S
        while True:
            refund: Answer = clerk.get(path)["refunds"][0]
            if refund["state"] in ("succeeded", "failed") or time.monotonic() > began + REFUNDED_WITHIN_S:
                return refund
            if time.monotonic() > sweep_at:
                sweep(self._stage.city.environ)
                sweep_at = time.monotonic() + SWEEP_AFTER_S
            time.sleep(LOOK_AGAIN_S)

    def _booked_fen(self) -> int:
        return self._stage.city.booked_at_provider_fen()

    def _require_sum(self, words: str) -> None:
        if yuan(self._water.amount_fen) not in words:
            raise JobFailed(f"the page does not say {yuan(self._water.amount_fen)}")
