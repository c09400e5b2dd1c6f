"""The city goes on: simulated validators that tap and upload by themselves until somebody presses Ctrl-C."""

import random
import time
from datetime import UTC, datetime
from pathlib import Path

from demo.city import LINES, City
from demo.staff import Refused
from demo.telling import Story, yuan
from hardware.emulator.reader import EmulatedReader
from hardware.errors import HardwareError
from hardware.terminal.validator import Outcome, TapResult

TAP_EVERY_S = (0.4, 2.0)
UPLOAD_AFTER_TAPS = 5
LOAD_FEN = 5_000
BUSES = ("bus26", "bus5")


def live(city: City, story: Story) -> None:
    """Let residents ride for ever. Returns only by an exception, such as Ctrl-C."""
    story.step("The city lives; press Ctrl-C to end it")
    story.fact("home page", city.server.address + "/")
    story.fact("interface and its documentation", city.server.address + "/docs")
    for login in ("clerk", "supervisor", "finance", "auditor"):
        known = city.state["logins"][login]
        story.fact(f"demo login {login}", f"{known['password']}  TOTP {known['totp_secret']}")
    chance = random.Random()  # noqa: S311 # who rides when is no secret
    taps = 0
    while True:
        time.sleep(chance.uniform(*TAP_EVERY_S))
        bus = chance.choice(BUSES)
        image = chance.choice(_cards(city))
        tap = ride(city, bus, image)
        if tap is not None:
            line = dict(LINES)[26 if bus == "bus26" else 5]
            story.fact(f"{datetime.now().astimezone():%H:%M:%S}  {line}: {tap.outcome}", yuan(tap.amount_fen))
            taps += 1
            if tap.outcome is Outcome.BALANCE_TOO_LOW:
                story.fact("the card is loaded at the counter", yuan(load(city, image)))
        if taps and taps % UPLOAD_AFTER_TAPS == 0:
            taps = 0
            upload(city, story)


def ride(city: City, bus: str, image: Path) -> TapResult | None:
    """One ride; nothing when the card is in somebody else's hands just now."""
    reader = EmulatedReader(image.parent)
    try:
        with city.device(bus) as device:
            return device.tap(reader.insert(image.name), datetime.now(UTC))
    except HardwareError:
        return None
    finally:
        reader.remove()


def load(city: City, image: Path) -> int:
    """Load cash onto a card whose number the clerk reads from its image; returns the fen."""
    clerk = city.desk("clerk")
    loaded = clerk.post(
        "/v1/loads",
        {"card_id": city.state["cards"][image.name], "amount_fen": LOAD_FEN, "till_id": city.state["till_id"]},
    )
    reader = EmulatedReader(image.parent)
    try:
        clerk.reader_job("load", loaded["id"], reader.insert(image.name))
    finally:
        reader.remove()
    return LOAD_FEN


def upload(city: City, story: Story) -> None:
    """All buses report; what cannot be sent waits in their outboxes."""
    for name in BUSES:
        try:
            with city.device(name) as device:
                device.sign_in()
                for receipt in device.upload(datetime.now(UTC)):
                    verdicts = [one.verdict for one in receipt.verdicts]
                    story.fact(f"{name} uploads batch {receipt.batch}", ", ".join(verdicts))
        except (HardwareError, Refused) as error:
            story.fact(f"{name} cannot report", str(error))


def _cards(city: City) -> list[Path]:
    return [city.folder.path / "cards" / name for name in sorted(city.state["cards"])]
