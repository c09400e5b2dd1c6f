"""Parking on a day in the city: paid at the gate from the on-line account, with the card's proof and with nothing else."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from demo.counter import Rider
from demo.stage import Stage
from demo.telling import yuan
from hardware.card.channel import CardChannel
from hardware.emulator.card import EmulatedCard
from hardware.terminal.online import PURCHASES, REVERSALS, card_at, challenge, prove, read_serial
from hardware.terminal.online_device import OnlineDevice
from hardware.terminal.parking import EXITS, QUOTES

CASH_FEN = 5_000
STAY = timedelta(minutes=67)
CLAIMED_FEN = 999
INVENTED_PROOF = "0123456789ABCDEF"


class Parking:
    """A driver's stay, and what cannot be done to a driver.

    Args:
        stage: where the day is played.
        driver: has an active card.
    """

    def __init__(self, stage: Stage, driver: Rider) -> None:
        self._stage = stage
        self._driver = driver
        self._now = datetime.now(UTC).replace(microsecond=0)

    def play(self) -> None:
        """Cash in, park, leave twice, two attacks."""
        self._take_cash()
        self._enter()
        with self._stage.city.online_device("gate-out") as gate, self._inserted() as chip:
            gate.sign_in()
            self._leave(gate, chip)
            self._claim_without_proof(gate, chip)
            self._take_back_before(gate, chip)

    def _take_cash(self) -> None:
        story, counter = self._stage.story, self._stage.counter
        story.step(f"{yuan(CASH_FEN)} cash is paid into the adult's on-line account (充值)")
        slip = counter.open_account(self._driver, CASH_FEN)
        story.fact(f"slip {slip['slip_serial']}; the card may pay from it", yuan(counter.account_fen(self._driver)))

    def _enter(self) -> None:
        story = self._stage.story
        story.step("The adult parks for 67 minutes (the gate in was without a line and reports late)")
        with self._stage.city.online_device("gate-in") as gate, self._inserted() as chip:
            gate.sign_in()
            passage = gate.enter(chip, self._now - STAY)
        story.fact("at the gate in", passage.text)

    def _leave(self, gate: OnlineDevice, chip: CardChannel) -> None:
        story = self._stage.story
        serial = read_serial(chip)
        quoted = gate.uplink.post(QUOTES, card_at(serial, self._now))
        explained = quoted["explanation"]
        if isinstance(explained, dict):
            for line in explained["lines"]:
                story.fact(f"    {line['what']} ({line['rule']})", yuan(line["minor"]))
        amount_fen = int(str(quoted["amount_fen"]))
        story.fact("the gate out quotes", yuan(amount_fen))
        name = gate.traces.take()
        proof = prove(chip, challenge(name, amount_fen, self._now))
        request = {
            **name.as_json(),
            **card_at(serial, self._now),
            "amount_fen": amount_fen,
            "proof": proof.hex().upper(),
        }
        first = gate.uplink.post(EXITS, request)
        gate.traces.close(name)
        story.fact(f"signed by the card, {first['verdict']}: paid from the account", self._held())
        again = gate.uplink.post(EXITS, request)
        story.fact(f"the gate resends the same exit: {again['verdict']}, paid once", self._held())
        self._stage.figures["parking fen"] = amount_fen
        self._stage.figures["parking repeated alike"] = int(first == again)

    def _claim_without_proof(self, gate: OnlineDevice, chip: CardChannel) -> None:
        self._stage.story.step("A terminal claims a payment from the card that it never saw")
        name = gate.traces.take()
        request = {
            **name.as_json(),
            **card_at(read_serial(chip), self._now),
            "amount_fen": CLAIMED_FEN,
            "proof": INVENTED_PROOF,
        }
        answer = gate.uplink.post(PURCHASES, request)
        gate.traces.close(name)
        self._tell(f"{yuan(CLAIMED_FEN)} without its proof: {answer['verdict']} ({answer['reason']})")
        self._stage.figures["claims without proof refused"] = int(answer["verdict"] == "refused")

    def _take_back_before(self, gate: OnlineDevice, chip: CardChannel) -> None:
        self._stage.story.step("A reversal overtakes its purchase")
        serial, name = read_serial(chip), gate.traces.take()
        proof = prove(chip, challenge(name, CLAIMED_FEN, self._now))
        reversal = gate.uplink.post(REVERSALS, name.as_json())
        self._tell(f"the reversal arrives first: {reversal['outcome']}")
        request = {
            **name.as_json(),
            **card_at(serial, self._now),
            "amount_fen": CLAIMED_FEN,
            "proof": proof.hex().upper(),
        }
        answer = gate.uplink.post(PURCHASES, request)
        gate.traces.close(name)
        self._tell(f"the purchase, late: {answer['verdict']} ({answer['reason']})")
        self._stage.figures["overtaken purchases refused"] = int(answer["verdict"] == "refused")

    def _tell(self, text: str) -> None:
        self._stage.story.fact(text, self._held())

    def _held(self) -> str:
        return yuan(self._stage.counter.account_fen(self._driver))

    def _inserted(self) -> AbstractContextManager[EmulatedCard]:
        return self._stage.counter.inserted(self._driver.image)
