"""The eight bytes that a card signs for a purchase."""

import hashlib
from dataclasses import replace
from datetime import datetime

import pytest

from citizencard.accounts.errors import PurchaseInvalid
from citizencard.accounts.proof import PurchaseClaim, PurchaseName, purchase_challenge
from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from hardware.card.channel import send
from hardware.card.files import bcd_date, bcd_time
from hardware.card.profile import INTERNAL_KID, PURSE_AID
from hardware.card.purse import internal_authenticate, select_application
from tests.citizencard.cards.make_cards import issue_card

NAME = PurchaseName(bytes.fromhex("330200000001"), 7, 42)
CLAIM = PurchaseClaim(
    NAME,
    bytes.fromhex("03103302000000000019"),
    250,
    bytes.fromhex("20261121"),
    bytes.fromhex("083000"),
    bytes(8),
)


def test_challenge_is_what_the_page_says() -> None:
    """A terminal that follows the written layout asks the card for the very bytes that the server checks."""
    covered = "330200000001000000070000002A000000FA20261121083000"
    assert CLAIM.challenge == hashlib.sha256(bytes.fromhex(covered)).digest()[:8]
    # Regression value of our own, computed once with sha256sum.
    assert CLAIM.challenge.hex() == "863c81975e82cd3a"


@pytest.mark.parametrize(
    "other",
    [
        replace(CLAIM, amount_fen=251),
        replace(CLAIM, date=bytes.fromhex("20261122")),
        replace(CLAIM, time=bytes.fromhex("083001")),
        replace(CLAIM, name=replace(NAME, trace=43)),
        replace(CLAIM, name=replace(NAME, batch=8)),
        replace(CLAIM, name=replace(NAME, terminal=bytes.fromhex("330200000002"))),
    ],
)
def test_a_proof_fits_one_purchase_only(other: PurchaseClaim) -> None:
    """Whatever names the purchase or its amount is signed: a recorded answer is worth nothing elsewhere."""
    assert other.challenge != CLAIM.challenge


@pytest.mark.parametrize(
    ("field", "claim"),
    [
        ("terminal", replace(CLAIM, name=replace(NAME, terminal=b"\x33\x02"))),
        ("terminal", replace(CLAIM, name=replace(NAME, terminal=bytes.fromhex("33020000000A")))),
        ("batch", replace(CLAIM, name=replace(NAME, batch=0))),
        ("trace", replace(CLAIM, name=replace(NAME, trace=2**32))),
        ("card_serial", replace(CLAIM, card_serial=bytes(9))),
        ("amount_fen", replace(CLAIM, amount_fen=0)),
        ("amount_fen", replace(CLAIM, amount_fen=2**32)),
        ("proof", replace(CLAIM, proof=bytes(7))),
        ("date", replace(CLAIM, date=bytes.fromhex("20261301"))),
        ("time", replace(CLAIM, time=bytes(4))),
    ],
)
def test_nonsense_is_not_judged(field: str, claim: PurchaseClaim) -> None:
    """A request that is not well formed names the field and goes no further."""
    with pytest.raises(PurchaseInvalid) as refused:
        claim.check()
    assert refused.value.public_fields() == {"field": field}


def test_personalised_card_gives_the_proof(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A card that we made ourselves signs the challenge with its internal key, without a PIN, and the vault knows it again."""
    card, chip = issue_card(sessions, vault, now)
    challenge = purchase_challenge(NAME, 250, bcd_date(now) + bcd_time(now))
    chip.reset()
    send(chip, select_application(PURSE_AID))
    proof = send(chip, internal_authenticate(challenge, INTERNAL_KID))
    assert vault.card_proof_is_valid(card.serial, card.key_version, challenge, proof)
    other = purchase_challenge(NAME, 251, bcd_date(now) + bcd_time(now))
    assert not vault.card_proof_is_valid(card.serial, card.key_version, other, proof)
