"""The service centre's counter: what the demo's clerk does for a resident, with the card in the emulated reader."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from demo.city import City
from demo.makers import make_blanks
from demo.reader import Reading, balance_fen
from demo.residents import Resident
from demo.staff import Answer, JobFailed, Refused
from hardware.emulator.card import EmulatedCard
from hardware.emulator.reader import EmulatedReader
from hardware.errors import CardImageInUse

REGION_CODE = "330203"
MAX_LOOKS = 50
PAUSE_S = 0.1
INSURANCES = {"pension": "insured", "medical": "insured"}


@dataclass(slots=True)
class Rider:
    """A resident with the card that was issued to him or her."""

    who: Resident
    name: str
    card_id: str = ""
    image: str = ""
    person_id: str = ""
    account_id: str = ""


class Counter:
    """A clerk at work.

    Args:
        city: whose desks are used.
    """

    def __init__(self, city: City) -> None:
        self._city = city
        self._clerk = city.desk("clerk")
        self._reader = EmulatedReader(city.folder.path / "cards")

    def register(self, rider: Rider) -> Answer:
        """Register a resident, link the social-security number, apply for a card.

        Returns:
            The person as the clerk sees it: masked.
        """
        person = self._clerk.post(
            "/v1/people",
            {
                "document_type": "cn_id",
                "document_number": rider.who.document_number,
                "name": rider.who.name,
                "phone": rider.who.phone,
            },
        )
        self._clerk.post(
            f"/v1/people/{person['id']}/social-security",
            {"region_code": REGION_CODE, "insurances": INSURANCES},
            method="PUT",
        )
        card = self._clerk.post("/v1/cards", {"person_id": person["id"], "card_class": rider.who.card_class})
        rider.card_id, rider.person_id = card["id"], person["id"]
        return person

    def deliver_blanks(self, riders: Sequence[Rider], batch: str) -> None:
        """Let the card maker deliver a blank for each rider, and take the blanks into stock."""
        paths = [self._city.folder.card(f"{batch}-{rider.name.replace('+', '')}") for rider in riders]
        serials = make_blanks(self._city.folder.environ(self._city.server.port), paths)
        self._city.desk("stock").post("/v1/card-stock", {"chip_serials": serials, "batch": batch})
        for rider, path in zip(riders, paths, strict=True):
            rider.image = path.name

    def issue(self, rider: Rider) -> tuple[Answer, int]:
        """Personalise the rider's blank, hand it over and activate it.

        Returns:
            The card as the clerk sees it, and how many commands it took.

        Raises:
            JobFailed: the card did not prove its keys.
        """
        with self.inserted(rider.image) as chip:
            counted = Reading(chip)
            job = self._clerk.reader_job("personalise", rider.card_id, counted)
        if job["outcome"] != "personalised":
            raise JobFailed(f"card of {rider.name}: {job['outcome']}")
        return self._clerk.post(f"/v1/cards/{rider.card_id}/activation", {}), counted.exchanged

    def issue_through_agent(self, rider: Rider) -> tuple[Answer, str]:
        """The same through the reader agent of the workstation: every command in a step that the server has signed.

        An answer that is lost on its way begins the job anew. A clerk whose line breaks again and again takes the other reader, whose
        steps can be repeated.

        Returns:
            The card as the clerk sees it, and how it was made.

        Raises:
            JobFailed: the card did not prove its keys.
        """
        try:
            with self._city.workstation.inserted(rider.image):
                job, steps = self._city.workstation.job(self._clerk, "personalise", rider.card_id)
            is_made, how = job["outcome"] == "personalised", f"{steps} signed steps, keys proved"
        except (JobFailed, Refused):
            # Lost may be the very last answer: then the card is made, and there is no job to begin any more.
            state = self._clerk.get(f"/v1/cards/{rider.card_id}")["state"]
            is_made, how = state == "personalised", "signed steps, keys proved"
        if not is_made:
            card, commands = self.issue(rider)
            return card, f"{commands} commands at another reader, keys proved"
        return self._clerk.post(f"/v1/cards/{rider.card_id}/activation", {}), how

    def open_account(self, rider: Rider, amount_fen: int) -> Answer:
        """Open the rider's on-line account, let the card pay from it, and take cash for it.

        Returns:
            The slip.
        """
        account = self._clerk.post("/v1/online-accounts", {"person_id": rider.person_id})
        rider.account_id = account["id"]
        self._clerk.post(f"/v1/online-accounts/{rider.account_id}/cards", {"card_id": rider.card_id})
        return self.top_up(rider, amount_fen)

    def top_up(self, rider: Rider, amount_fen: int) -> Answer:
        """Take cash for the rider's on-line account.

        Returns:
            The slip.
        """
        body = {"amount_fen": amount_fen, "till_id": self._city.state["till_id"]}
        return self._clerk.post(f"/v1/online-accounts/{rider.account_id}/top-ups", body)

    def account_fen(self, rider: Rider) -> int:
        """What the rider's on-line account holds."""
        held: int = self._clerk.get(f"/v1/online-accounts/{rider.account_id}")["balance_fen"]
        return held

    def load(self, rider: Rider, amount_fen: int, torn_at: int | None = None) -> Answer:
        """Take cash and load it onto the chip.

        Args:
            rider: whose card.
            amount_fen: how much.
            torn_at: instruction at which the card is torn from the reader.

        Returns:
            The job's last state, with the load's id as `load_id`.
        """
        load = self._clerk.post(
            "/v1/loads",
            {"card_id": rider.card_id, "amount_fen": amount_fen, "till_id": self._city.state["till_id"]},
        )
        with self.inserted(rider.image) as chip:
            job = self._clerk.reader_job("load", load["id"], Reading(chip, torn_at))
        return {**job, "load_id": load["id"]}

    def recover(self, rider: Rider, load_id: str) -> Answer:
        """Ask the card what became of a load whose card was torn away."""
        with self.inserted(rider.image) as chip:
            return self._clerk.reader_job("recover_load", load_id, chip)

    def balance_fen(self, rider: Rider) -> int:
        """What the rider's chip says that it holds."""
        with self.inserted(rider.image) as chip:
            return balance_fen(chip)

    @contextmanager
    def inserted(self, image: str) -> Iterator[EmulatedCard]:
        """A card in the reader, taken out afterwards."""
        try:
            yield self._insert(image)
        finally:
            self._reader.remove()

    def _insert(self, image: str) -> EmulatedCard:
        """The agent lets go of a card that was taken out of its reader a moment later."""
        for _ in range(MAX_LOOKS):
            try:
                return self._reader.insert(image)
            except CardImageInUse:
                time.sleep(PAUSE_S)
        return self._reader.insert(image)
