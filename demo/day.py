"""One day of the demo city, from the first resident at the counter to the proof of the books."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from demo.bills import WaterBills
from demo.city import PROVIDER_ACCOUNT, City
from demo.counter import Counter, Rider
from demo.online import Online
from demo.parking import Parking
from demo.processes import sweep
from demo.reader import CREDIT_FOR_LOAD, DEBIT_FOR_PURCHASE, Reading
from demo.residents import residents_of_day
from demo.staff import Answer, JobFailed
from demo.stage import Stage
from demo.tariff import CAP_FEN
from demo.telling import Story, clock, yuan
from hardware.terminal.batch import TapRecord
from hardware.terminal.device import Device
from hardware.terminal.receipts import BatchReceipt
from hardware.terminal.validator import TapResult

LOAD_FEN = 10_000
A_SECOND = 1.05
"""Cards write whole seconds: what must come after something is a second later."""
FORGED_BATCH = 999_999
SHARES = {"subsidy_fen": "paid by sponsors for concessions", "suspense_fen": "in doubt, for a person to decide"}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What the day came to, in fen and counts: the same whatever was killed, resent or torn on the way.

    Args:
        figures: name → fen or count; the names say what they are of.
        moved_fen: by how much the day moved each family of accounts, on its normal side.
        agreed: every chip holds what its shadow says, and the payment provider what the books say.
        proved: the ledger found no difference.
    """

    figures: dict[str, int]
    moved_fen: dict[str, int]
    agreed: bool
    proved: bool


class Day:
    """Plays one day in the city and tells it.

    Args:
        city: a founded city.
        story: where it is told.
    """

    def __init__(self, city: City, story: Story) -> None:
        self.city = city
        self.story = story
        played = int(city.state.get("days_played", 0))
        self._cut_off = int(city.state.get("days_begun", played)) - played
        self.number = played + self._cut_off + 1
        self._counter = Counter(city)
        self._stage = Stage(city, story, self._counter, self.number)
        self.figures = self._stage.figures
        self._first_record: TapRecord | None = None
        adult, senior = residents_of_day(self.number)
        self.riders = {"adult": Rider(adult, "adult"), "senior": Rider(senior, "70+")}

    def play(self) -> Outcomes:
        """The whole day.

        Returns:
            What it came to; the caller decides what a difference means.
        """
        self.city.state["days_begun"] = self.number
        self.city.remember()
        if self._cut_off:
            self._look_after_payments()
        before = self._families(self.city.desk("auditor").get("/v1/trial-balance"))
        at_provider = self._at_provider()
        bills = WaterBills(self._stage)
        self._open_workstation()
        self._register()
        self._issue_cards()
        self._load()
        self._load_torn()
        self._sign_in_buses()
        self._ride()
        self._forge()
        self._ride_on_stray_terminal()
        Parking(self._stage, self.riders["adult"]).play()
        bills.send()
        Online(self._stage, self.riders["adult"], bills.residents).play()
        self._lose_card()
        self._upload()
        outcomes = self._close(before, at_provider)
        self.city.state["days_played"] = self.number
        self.city.remember()
        return outcomes

    def _look_after_payments(self) -> None:
        """A run that was cut off may have left payments without an end, and its stand-in has forgotten them."""
        self.story.step("An earlier day was cut off: payments that it left open are looked after")
        for line in sweep(self.city.environ).splitlines():
            self.story.fact(line)

    def _open_workstation(self) -> None:
        """The agent of an earlier day goes on; on a new address it is paired anew."""
        city = self.city
        self.story.step("The clerk's workstation starts its reader agent (citizencard-agent)")
        paired = city.workstation.open(city.desk("clerk"), city.desk("supervisor"), city.state)
        how = "paired by the clerk, confirmed by a supervisor" if paired else "paired before"
        self.story.fact(f"agent ····{city.workstation.agent_id[-4:]} with an emulated reader", how)

    def _register(self) -> None:
        self.story.step("Two residents come to the counter (登记)")
        for rider in self.riders.values():
            person = self._counter.register(rider)
            self.story.fact(f"{person['name']}  {person['document_number']}", f"{rider.name}: linked, card applied for")

    def _issue_cards(self) -> None:
        self.story.step("Cards are personalised on an emulated reader and proved by use (制卡)")
        self._counter.deliver_blanks(list(self.riders.values()), f"day{self.number}")
        card, how = self._counter.issue_through_agent(self.riders["adult"])
        self.story.fact(f"adult card ····{card['number'][-4:]} {card['state']}", how)
        card, commands = self._counter.issue(self.riders["senior"])
        self.story.fact(f"70+ card ····{card['number'][-4:]} {card['state']}", f"{commands} commands, keys proved")

    def _load(self) -> None:
        self.story.step(f"{yuan(LOAD_FEN)} cash is loaded onto the senior's chip (圈存)")
        job = self._counter.load(self.riders["senior"], LOAD_FEN)
        self.story.fact(f"booked before the card could have it, then: {job['outcome']}", yuan(self._chip_fen("senior")))

    def _load_torn(self) -> None:
        self.story.step("The adult's card is torn from the reader after the money was released (MAC2)")
        job = self._counter.load(self.riders["adult"], LOAD_FEN, CREDIT_FOR_LOAD)
        self.story.fact("the clerk sees an open load", job["outcome"])
        recovered = self._counter.recover(self.riders["adult"], job["load_id"])
        self.story.fact(f"the card is put back: {recovered['outcome']} by its own proof", yuan(self._chip_fen("adult")))

    def _sign_in_buses(self) -> None:
        self.story.step(
            "Two buses sign in for their shift and fetch fares and hotlist; then they drive off, offline (签到)"
        )
        for name in ("bus26", "bus5", "stray"):
            with self.city.device(name) as device:
                signed = device.sign_in()
                self.story.fact(
                    f"{name}: batch {signed.batch}, fares version {signed.parameter_version}",
                    f"hotlist version {signed.hotlist_version}",
                )

    def _ride(self) -> None:
        self.story.step("Rides at a base fare of ¥2.00, offline")
        first = self._tap("bus26", "adult")
        self._tell_tap("bus26", "adult", first)
        self._first_record = first.record
        self._tell_tap("bus5", "adult", self._tap("bus5", "adult"))
        self._tell_tap("bus26", "70+", self._tap("bus26", "senior"))
        torn = self._tap("bus5", "adult", DEBIT_FOR_PURCHASE)
        self._tell_tap("bus5, adult, torn away in the middle of the debit", "", torn)
        self._tell_tap("bus5", "adult, presented again", self._tap("bus5", "adult"))

    def _forge(self) -> None:
        self.story.step(
            "Before the bus reports, somebody sends a copy of its first ride with one bit of the TAC flipped"
        )
        record = self._first_record
        if record is None:
            raise JobFailed("the first ride left no record to copy")
        forged = replace(record, tac=bytes([record.tac[0] ^ 0x01]) + record.tac[1:])
        with self.city.device("bus26") as device:
            receipt = device.uplink.upload_json(
                {
                    "terminal": device.settings.terminal_number.hex().upper(),
                    "psam_serial": device.settings.psam_serial.hex().upper(),
                    "batch": FORGED_BATCH,
                    "records": [forged.as_json()],
                }
            )
        self._tell_receipt("bus26, the forged copy", receipt)
        self.figures["forged verdicts rejected"] = sum(one.verdict == "rejected" for one in receipt.verdicts)

    def _ride_on_stray_terminal(self) -> None:
        self.story.step("A validator whose PSAM was never bound to a bus company takes a genuine ride")
        self._tell_tap("stray", "adult", self._tap("stray", "adult"))

    def _lose_card(self) -> None:
        self.story.step("The adult reports the card lost (挂失); a bus whose list is old still takes it")
        report = self.city.desk("clerk").post(
            f"/v1/cards/{self.riders['adult'].card_id}/loss-reports", {"reason": "left on a bench"}
        )
        effective = datetime.fromisoformat(report["effective_from"])
        self.story.fact("the loss takes effect", clock(effective))
        time.sleep(A_SECOND)
        self._tell_tap("bus26", "adult", self._tap("bus26", "adult"))

    def _upload(self) -> None:
        self.story.step("Back in the depot, the buses upload their batches, and then twice more (批上送)")
        for name in ("bus26", "bus5", "stray"):
            with self.city.device(name) as device:
                receipts, sent = self._upload_device(device)
                for receipt in receipts:
                    self._tell_receipt(name, receipt)
                    self._count(receipt, "first")
                for batch in sent * 2:
                    self._count(device.uplink.upload_batch(batch), "again")
                self._sign_out(name, device)
        self.story.fact(
            "every batch sent twice more", f"{self.figures.get('again duplicate', 0)} records, all duplicates"
        )

    def _sign_out(self, name: str, device: Device) -> None:
        """The device's totals of its shift against what the server has (签退)."""
        answer = device.sign_out()
        if answer is not None:
            said = "its totals are the server's" if answer.agrees else "its totals are NOT the server's"
            self.story.fact(f"{name} signs out: {said}", f"{answer.records} records, {yuan(answer.amount_fen)}")

    def _at_provider(self) -> tuple[int, int]:
        """What the provider says that it holds for the city, and what the books say: both in fen."""
        return self.city.provider.held_fen(), self.city.booked_at_provider_fen()

    def _close(self, before: dict[str, int], at_provider: tuple[int, int]) -> Outcomes:
        finance, auditor = self.city.desk("finance"), self.city.desk("auditor")
        opened = date.fromisoformat(finance.get("/v1/days/open")["day"])
        closed = finance.post(
            "/v1/day-closes", {"day": opened.isoformat(), "next_day": (opened + timedelta(days=1)).isoformat()}
        )
        self._tell_close(closed)
        self._tell_given_back()
        found = auditor.get("/v1/trial-balance")
        self._tell_trial_balance(found)
        moved_fen = {name: fen - before.get(name, 0) for name, fen in self._families(found).items()}
        agreed = self._compare_chips() & self._compare_provider(at_provider)
        proof = auditor.post("/v1/ledger-proofs", {})
        self.story.step("The ledger proves itself from its transfers alone")
        self.story.fact(
            f"{proof['transfers']} transfers, {proof['accounts']} accounts", f"{len(proof['differences'])} differences"
        )
        return Outcomes(self.figures, moved_fen, agreed, not proof["differences"])

    @staticmethod
    def _families(found: Answer) -> dict[str, int]:
        return {row["family"]: row["balance_fen"] for row in found["rows"]}

    def _tell_close(self, closed: Answer) -> None:
        self.story.step(f"The business day {closed['day']} is closed (日终)")
        for position in closed["net_positions"]:
            self.story.fact(f"{position['name']}: netted", yuan(position["clearing_fen"]))
            for name, said in SHARES.items():
                if position[name]:
                    self.story.fact(f"    {said}, in all", yuan(position[name]))
            self.figures[f"netted {position['name']} fen"] = position["clearing_fen"]
        certificate = closed["certificate"]
        self.story.fact("custody certificate: client money held", yuan(certificate["cover_fen"]))
        self.story.fact("    owed to cardholders and merchants", yuan(certificate["owed_fen"]))
        self.story.fact("    surplus", yuan(certificate["surplus_fen"]))
        self.figures["surplus fen"] = certificate["surplus_fen"]

    def _tell_given_back(self) -> None:
        """What the adult's rides cost together is known only when all buses have reported: the night applies the cap of the day."""
        self.story.step(f"In the night the adult's rides are capped at {yuan(CAP_FEN)} a day (封顶)")
        taps = self.city.desk("clerk").get(f"/v1/cards/{self.riders['adult'].card_id}/taps")["data"]
        given_fen = 0
        for tap in taps:
            for given in tap["adjustments"]:
                payer = given["line"].get("sponsor", "the bus company")
                self.story.fact(
                    f"line {tap['line']}, paid {yuan(tap['paid_fen'])}: {payer} pays", yuan(given["amount_fen"])
                )
                given_fen += given["amount_fen"]
        self.story.fact("due to the card, for its holder to fetch", yuan(given_fen))
        self.figures["given back fen"] = given_fen

    def _tell_trial_balance(self, found: Answer) -> None:
        self.story.step("Trial balance")
        for row in found["rows"]:
            self.story.fact(f"{row['family']} ({row['accounts']})", f"{yuan(row['balance_fen']):>12}  {row['type']}")
        self.story.fact(
            "total debits = total credits", f"{yuan(found['total_debits_fen'])} = {yuan(found['total_credits_fen'])}"
        )

    def _compare_chips(self) -> bool:
        self.story.step("Every chip against its shadow in the books")
        agreed = True
        for key, rider in self.riders.items():
            chip_fen = self._chip_fen(key)
            shadow = self.city.desk("auditor").get(f"/v1/cards/{rider.card_id}/shadow")
            agreed = agreed and chip_fen == shadow["purse_fen"] and shadow["inload_fen"] == 0
            self.story.fact(f"{rider.name}: chip {yuan(chip_fen)}", f"shadow {yuan(shadow['purse_fen'])}")
            self.figures[f"{key} chip fen"] = chip_fen
            self.figures[f"{key} shadow fen"] = shadow["purse_fen"]
        return agreed

    def _compare_provider(self, before: tuple[int, int]) -> bool:
        self.story.step("What the payment provider's stand-in holds against the books, since this morning")
        held_fen, booked_fen = (now - then for now, then in zip(self._at_provider(), before, strict=True))
        self.story.fact(f"stand-in: {yuan(held_fen)}", f"{PROVIDER_ACCOUNT} {yuan(booked_fen)}")
        self.figures["held by provider fen"] = held_fen
        return held_fen == booked_fen

    def _tap(self, device_name: str, rider: str, torn_at: int | None = None) -> TapResult:
        with self.city.device(device_name) as device, self._counter.inserted(self.riders[rider].image) as chip:
            return device.tap(Reading(chip, torn_at), datetime.now(UTC))

    def _upload_device(self, device: Device) -> tuple[list[BatchReceipt], list[bytes]]:
        """Upload what waits, and keep the bytes of the batch so that it can be sent again."""
        batch = device.next_batch(datetime.now(UTC))
        return device.upload(datetime.now(UTC)), [] if batch is None else [batch.data]

    def _chip_fen(self, rider: str) -> int:
        return self._counter.balance_fen(self.riders[rider])

    def _tell_tap(self, device: str, who: str, tap: TapResult) -> None:
        balance = "" if tap.balance_fen is None else f", {yuan(tap.balance_fen)} left"
        name = f"{device}, {who}" if who else device
        self.story.fact(f"{name}: {tap.outcome}", f"{yuan(tap.amount_fen)}{balance}")
        self.figures[f"taps {tap.outcome}"] = self.figures.get(f"taps {tap.outcome}", 0) + 1

    def _tell_receipt(self, name: str, receipt: BatchReceipt) -> None:
        for one in receipt.verdicts:
            reason = f" ({one.reason})" if one.reason else ""
            self.story.fact(
                f"{name}: card ····{one.card_serial.hex()[-4:]}, sequence {one.terminal_sequence}",
                f"{one.verdict}{reason}",
            )

    def _count(self, receipt: BatchReceipt, when: str) -> None:
        for one in receipt.verdicts:
            name = f"{when} {one.verdict}"
            self.figures[name] = self.figures.get(name, 0) + 1
