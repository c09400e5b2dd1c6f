"""Making a card: only a chip that proves its keys becomes one."""

from datetime import datetime

from citizencard.cards.issuing.kinds import ISSUING_JOBS
from citizencard.cards.reader_jobs import Workbench
from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from hardware.card.channel import send
from hardware.card.files import PublicApplicationData
from hardware.card.profile import PUBLIC_DATA_SFI, PURSE_AID
from hardware.card.purse import read_binary, select_application
from tests.citizencard.cards.make_cards import (
    application,
    blank,
    personalise_order,
    stored_card,
    stored_chip,
)
from tests.citizencard.cards.reader import Workstation


def test_blank_becomes_a_card_in_stock(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A blank in a clerk's reader ends as a card with its number on the chip and in the register."""
    card, chip = application(sessions, vault, now), blank(sessions, vault, now)
    station = Workstation(Workbench(sessions, vault, ISSUING_JOBS), chip)
    assert station.run(personalise_order(card, chip), now).outcome == "personalised"
    assert stored_card(sessions, card.id).state == "personalised"
    assert stored_chip(sessions, chip).state == "personalised"
    chip.reset()
    send(chip, select_application(PURSE_AID))
    public = PublicApplicationData.decode(send(chip, read_binary(PUBLIC_DATA_SFI, 30)))
    assert (public.serial, public.valid_to) == (card.serial, card.valid_until)
