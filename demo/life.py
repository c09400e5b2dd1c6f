"""The city goes on: residents who ride, park, load and top up by themselves until somebody presses Ctrl-C, and doors for visitors."""

import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyotp

from demo.bills import WaterBills
from demo.browser import FormMissing, PageRefused
from demo.city import City
from demo.counter import Counter, Rider
from demo.folder import ROOT, Folder
from demo.makers import make_blanks
from demo.portal import Portal
from demo.residents import Resident, neighbours
from demo.staff import JobFailed, Refused
from demo.stage import Stage
from demo.tariff import LINES
from demo.telling import Story, clock, typed, yuan
from hardware.errors import HardwareError
from hardware.terminal.validator import Outcome

EVENT_EVERY_S = (0.4, 2.0)
UPLOAD_AFTER_TAPS = 5
PROVE_EVERY_S = 60
PARK_EVERY_S = 40
TOP_UP_EVERY_S = 150
HEARTBEAT_EVERY_S = 90
STAY_MINUTES = (20, 200)
LOAD_FEN = 3_000
ACCOUNT_FEN = 5_000
TOP_UP_FEN = 1_000
BUSES = {"bus26": LINES[0], "bus5": LINES[1]}
LOGINS = ("clerk", "supervisor", "stock", "finance", "auditor")
VISITOR, NEIGHBOUR = "visitor", "neighbour"
"""Two residents of the crowd with logins at the portal: one for whoever visits, one who lives by itself."""
VISITORS_BLANK = "blank-for-visitors"
FAILURES = (FormMissing, HardwareError, JobFailed, PageRefused, Refused)


@dataclass(slots=True)
class Crowd:
    """Who lives in the city, and what each did last.

    Args:
        city, counter, story: where.
        riders: with their cards and accounts.
        left_at: when somebody left the parking lot.
        chance: who does what when is no secret.
    """

    city: City
    counter: Counter
    story: Story
    riders: list[Rider]
    left_at: dict[str, datetime] = field(default_factory=dict)
    chance: random.Random = field(default_factory=random.Random)


def live(city: City, story: Story) -> None:
    """Let residents live for ever. Returns only by an exception, such as Ctrl-C."""
    counter = Counter(city)
    crowd = Crowd(city, counter, story, _riders(city, counter, story))
    _welcome(crowd)
    _tell_doors(city, story)
    taps = 0
    due = {_prove: PROVE_EVERY_S, _park: PARK_EVERY_S, _top_up: TOP_UP_EVERY_S, _beat: HEARTBEAT_EVERY_S}
    done_at = dict.fromkeys(due, time.monotonic())
    while True:
        time.sleep(crowd.chance.uniform(*EVENT_EVERY_S))
        taps += _ride(crowd, crowd.chance.choice(list(BUSES)), crowd.chance.choice(crowd.riders))
        if taps >= UPLOAD_AFTER_TAPS:
            taps = 0
            _upload(city, story)
        for act, every_s in due.items():
            if time.monotonic() - done_at[act] > every_s:
                done_at[act] = time.monotonic()
                act(crowd)


def _riders(city: City, counter: Counter, story: Story) -> list[Rider]:
    """The crowd that was issued cards by an earlier run, or a new one; each with an on-line account."""
    known = city.state.get("riders", [])
    riders = [
        Rider(
            Resident("", "", "", one["card_class"]),
            one["name"],
            one["card_id"],
            one["image"],
            one.get("person_id", ""),
            one.get("account_id", ""),
        )
        for one in known
    ]
    if not known:
        story.step("Six more residents get their cards and accounts, so that the city lives")
        riders = _issue(counter, story)
    for rider in riders:
        if not rider.account_id:
            rider.person_id = rider.person_id or city.desk("clerk").get(f"/v1/cards/{rider.card_id}")["person_id"]
            counter.open_account(rider, ACCOUNT_FEN)
    city.state["riders"] = [
        {
            "card_class": one.who.card_class,
            "name": one.name,
            "card_id": one.card_id,
            "image": one.image,
            "person_id": one.person_id,
            "account_id": one.account_id,
        }
        for one in riders
    ]
    city.remember()
    return riders


def _issue(counter: Counter, story: Story) -> list[Rider]:
    riders = [Rider(who, f"resident {number}") for number, who in enumerate(neighbours(1), start=1)]
    for rider in riders:
        counter.register(rider)
    counter.deliver_blanks(riders, "crowd")
    for rider in riders:
        card, _ = counter.issue(rider)
        counter.load(rider, LOAD_FEN)
        story.fact(f"{rider.name}: class {rider.who.card_class}, card ····{card['number'][-4:]}", yuan(LOAD_FEN))
    return riders


def _welcome(crowd: Crowd) -> None:
    """Once for each city: two logins at the portal and a bill for the visitor. Each time: a blank card for whoever plays the clerk."""
    city, story = crowd.city, crowd.story
    if not city.state.get("welcome"):
        water = WaterBills(Stage(city, story, crowd.counter, 0))
        water.send()
        story.step("Doors for visitors are prepared")
        for login, rider in zip((VISITOR, NEIGHBOUR), crowd.riders, strict=False):
            portal = Portal(city, login)
            portal.prepare()
            portal.register(rider)
            if login == VISITOR:
                portal.add_household(water.residents.household, typed(water.residents.amount_fen))
            portal.sign_out()
            story.fact(f"{rider.name} has a login at the portal", login)
        city.state["welcome"] = True
        city.remember()
    # Last time's may be somebody's card by now.
    city.state["visits"] = visit = int(city.state.get("visits", 0)) + 1
    city.remember()
    blank = city.folder.card(f"{VISITORS_BLANK}-{visit}")
    serials = make_blanks(city.folder.environ(city.server.port), [blank])
    city.desk("stock").post("/v1/card-stock", {"chip_serials": serials, "batch": blank.stem})
    city.workstation.put_in(blank.name)


def _tell_doors(city: City, story: Story) -> None:
    address = city.server.address
    story.step("The city lives; press Ctrl-C to end it")
    story.fact("home page", f"{address}/")
    story.fact("interface and its documentation", f"{address}/docs")
    visitor = city.state["residents"][VISITOR]["password"]
    story.fact("a resident's pages: pay the bill, top up, see journeys", f"{address}/portal")
    story.fact(f"  {VISITOR:<12}{visitor}", "login and password")
    story.fact("the counter: register, make a card, load, refund", f"{address}/console")
    story.fact("  logins, made up for this folder: name, password", "one-time code now (TOTP secret)")
    for login in LOGINS:
        known = city.state["logins"][login]
        code = pyotp.TOTP(known["totp_secret"]).now()
        story.fact(f"  {login:<12}{known['password']}", f"{code} ({known['totp_secret']})")
    story.fact("  codes live 30 s; later ones: an app with the secret, or", code_command(city.folder))
    story.fact("the counter's reader agent, with a blank card in it", city.workstation.address)
    story.fact("  as clerk: choose it under Readers", f"{address}/console/reader-agents")
    story.fact("  how another one is paired: by a code and a supervisor", "hardware/agent/README.md")
    story.fact("the stand-in for the payment provider", city.provider.address)


def code_command(folder: Folder) -> str:
    """What prints the clerk's present one-time code, with the arguments that this city was begun with."""
    said = ["bin/run", "--code", "clerk"]
    if folder.path.parent != ROOT / "var":
        said += ["--folder", str(folder.path.parent)]
    if not folder.database_url.startswith("sqlite"):
        # The address may hold a password.
        said += ["--database", "…"]
    return " ".join(said)


def _prove(crowd: Crowd) -> None:
    proof = crowd.city.desk("auditor").post("/v1/ledger-proofs", {})
    crowd.story.fact(
        "the books are proved again", f"{proof['transfers']} transfers, {len(proof['differences'])} differences"
    )


def _ride(crowd: Crowd, bus: str, rider: Rider) -> int:
    """One ride, and a load when the money has run out; returns how many taps there were."""
    story = crowd.story
    try:
        with crowd.city.device(bus) as device, crowd.counter.inserted(rider.image) as chip:
            tap = device.tap(chip, datetime.now(UTC))
        story.fact(
            f"{clock(datetime.now(UTC))}  {BUSES[bus][1]}, {rider.name}: {tap.outcome}",
            yuan(tap.amount_fen),
        )
        if tap.outcome is Outcome.BALANCE_TOO_LOW:
            loaded = crowd.counter.load(rider, LOAD_FEN)["outcome"]
            story.fact(f"{rider.name} loads cash at the counter: {loaded}", yuan(LOAD_FEN))
    except FAILURES as error:
        story.fact(f"{rider.name} cannot ride", str(error))
        return 0
    return 1


def _park(crowd: Crowd) -> None:
    """Somebody leaves the parking lot and pays from the account; the gate in reports only now, so that nobody waits for an hour."""
    now = datetime.now(UTC).replace(microsecond=0)
    came_at = now - timedelta(minutes=crowd.chance.randint(*STAY_MINUTES))
    away = [one for one in crowd.riders if one.name not in crowd.left_at or crowd.left_at[one.name] < came_at]
    if not away:
        return
    driver = crowd.chance.choice(away)
    try:
        with crowd.counter.inserted(driver.image) as chip:
            with crowd.city.online_device("gate-in") as gate:
                gate.enter(chip, came_at)
            with crowd.city.online_device("gate-out") as gate:
                passage = gate.leave(chip, now)
        crowd.story.fact(f"{clock(now)}  parking, {driver.name}: {passage.text}", yuan(passage.amount_fen or 0))
        if passage.is_open:
            crowd.left_at[driver.name] = now
        else:
            crowd.counter.top_up(driver, ACCOUNT_FEN)
            crowd.story.fact(f"{driver.name} pays cash into the account", yuan(ACCOUNT_FEN))
    except FAILURES as error:
        crowd.story.fact(f"{driver.name} cannot park", str(error))


def _beat(crowd: Crowd) -> None:
    """The buses say how they are, and fetch what is new."""
    for name in BUSES:
        try:
            with crowd.city.device(name) as device:
                orders = device.heartbeat()
                waiting = device.outbox.counts().waiting
            fetched = f", fetches {', '.join(orders.fetch)}" if orders.fetch else ""
            crowd.story.fact(f"{name} is well{fetched}", f"{waiting} records wait")
        except HardwareError as error:
            crowd.story.fact(f"{name} has no line", str(error))


def _top_up(crowd: Crowd) -> None:
    """The neighbour tops up on-line, as long as there is room."""
    portal = Portal(crowd.city, NEIGHBOUR)
    try:
        portal.sign_in()
        state, _ = portal.top_up(typed(TOP_UP_FEN))
        portal.sign_out()
        crowd.story.fact(f"{clock(datetime.now(UTC))}  {NEIGHBOUR} tops up on-line: {state}", yuan(TOP_UP_FEN))
    except FAILURES as error:
        crowd.story.fact(f"{NEIGHBOUR} cannot top up", str(error))


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
