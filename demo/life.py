"""The city goes on: residents who ride and load by themselves until somebody presses Ctrl-C."""

import random
import time
from datetime import UTC, datetime

import pyotp

from demo.city import City
from demo.counter import Counter, Rider
from demo.residents import Resident, neighbours
from demo.staff import JobFailed, Refused
from demo.tariff import LINES
from demo.telling import Story, clock, yuan
from hardware.errors import HardwareError
from hardware.terminal.validator import Outcome

TAP_EVERY_S = (0.4, 2.0)
UPLOAD_AFTER_TAPS = 5
PROVE_EVERY_S = 60
LOAD_FEN = 3_000
BUSES = {"bus26": LINES[0], "bus5": LINES[1]}
LOGINS = ("clerk", "supervisor", "stock", "finance", "auditor")


def live(city: City, story: Story) -> None:
    """Let residents ride for ever. Returns only by an exception, such as Ctrl-C."""
    counter = Counter(city)
    riders = _riders(city, counter, story)
    _tell_doors(city, story)
    chance = random.Random()  # noqa: S311 # who rides when is no secret
    taps, proved_at = 0, time.monotonic()
    while True:
        time.sleep(chance.uniform(*TAP_EVERY_S))
        taps += _ride(city, counter, story, (chance.choice(list(BUSES)), chance.choice(riders)))
        if taps >= UPLOAD_AFTER_TAPS:
            taps = 0
            _upload(city, story)
        if time.monotonic() - proved_at > PROVE_EVERY_S:
            proved_at = time.monotonic()
            proof = city.desk("auditor").post("/v1/ledger-proofs", {})
            story.fact(
                "the books are proved again", f"{proof['transfers']} transfers, {len(proof['differences'])} differences"
            )


def _riders(city: City, counter: Counter, story: Story) -> list[Rider]:
    """The crowd that was issued cards by an earlier run, or a new one."""
    known = city.state.get("riders", [])
    if known:
        return [
            Rider(Resident("", "", "", one["card_class"]), one["name"], one["card_id"], one["image"]) for one in known
        ]
    story.step("Six more residents get their cards, so that the city lives")
    riders = [Rider(who, f"resident {number}") for number, who in enumerate(neighbours(1), start=1)]
    for rider in riders:
        counter.register(rider)
    counter.deliver_blanks(riders, "crowd")
    for rider in riders:
        card, _ = counter.issue(rider)
        counter.load(rider, LOAD_FEN)
        story.fact(f"{rider.name}: class {rider.who.card_class}, card ····{card['number'][-4:]}", yuan(LOAD_FEN))
    city.state["riders"] = [
        {"card_class": one.who.card_class, "name": one.name, "card_id": one.card_id, "image": one.image}
        for one in riders
    ]
    city.folder.remember(city.state)
    return riders


def _tell_doors(city: City, story: Story) -> None:
    story.step("The city lives; press Ctrl-C to end it")
    story.fact("home page", f"{city.server.address}/")
    story.fact("interface and its documentation", f"{city.server.address}/docs")
    story.fact("logins, made up for this folder: name, password", "one-time code now (TOTP secret)")
    for login in LOGINS:
        known = city.state["logins"][login]
        code = pyotp.TOTP(known["totp_secret"]).now()
        story.fact(f"  {login:<12}{known['password']}", f"{code} ({known['totp_secret']})")


def _ride(city: City, counter: Counter, story: Story, who_where: tuple[str, Rider]) -> int:
    """One ride, and a load when the money has run out; returns how many taps there were."""
    bus, rider = who_where
    try:
        with city.device(bus) as device, counter.inserted(rider.image) as chip:
            tap = device.tap(chip, datetime.now(UTC))
        story.fact(
            f"{clock(datetime.now(UTC))}  {BUSES[bus][1]}, {rider.name}: {tap.outcome}",
            yuan(tap.amount_fen),
        )
        if tap.outcome is Outcome.BALANCE_TOO_LOW:
            story.fact(
                f"{rider.name} loads cash at the counter: {counter.load(rider, LOAD_FEN)['outcome']}", yuan(LOAD_FEN)
            )
    except (HardwareError, JobFailed, Refused) as error:
        story.fact(f"{rider.name} cannot ride", str(error))
        return 0
    return 1


def _upload(city: City, story: Story) -> None:
    """All buses report; what cannot be sent waits in their outboxes."""
    for name in BUSES:
        try:
            with city.device(name) as device:
                device.sign_in()
                for receipt in device.upload(datetime.now(UTC)):
                    verdicts = [one.verdict for one in receipt.verdicts]
                    story.fact(f"{name} uploads batch {receipt.batch}", ", ".join(verdicts))
        except HardwareError as error:
            story.fact(f"{name} cannot report", str(error))
