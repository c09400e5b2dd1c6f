"""From roots to the keys of one chip."""

import pytest

from citizencard.keys.derivation import (
    CARD_ROLES,
    FACTORS,
    PSAM_ROLES,
    Factors,
    bureau_factor,
    card_factor,
    chip_factor,
    city_factor,
    derived,
    upper_factors,
)
from citizencard.keys.errors import KeyRoleRefused
from citizencard.keys.hsm import KeyRole
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from tests.citizencard.keys.make_vault import REGRESSION_MASTERS
from tests.citizencard.keys.questions import BLANK, CARD, CHIP, PSAM, SERIAL

# Own regression set, not published.
CARD_KEYS = {
    KeyRole.PURCHASE: "988A5E83339DE5E80761790F1C892064",
    KeyRole.LOAD: "51B303AD7C44EF348ADFDF6D4B11D160",
    KeyRole.TAC: "87158350B29895403814BA07F8B70CDA",
    KeyRole.APPLICATION_CONTROL: "23DA181C4AAB144BA88BC8C3E43EC0C1",
    KeyRole.TRANSPORT: "A4064BD0707F6529BE53B37853C3BD19",
    KeyRole.CARD_CONTROL: "CDCF4C3817FA5E9A05C0E8E64F29A1CE",
}


@pytest.mark.parametrize("role", list(CARD_KEYS))
def test_card_keys_are_the_documented_ones(role: KeyRole) -> None:
    """A card personalised by us works with every terminal that derives by the book: city first, then card (own regression set)."""
    root = SecretKey(KeyAlgorithm.TRIPLE_DES, REGRESSION_MASTERS[role])
    factor = chip_factor(role, CARD)
    assert factor is not None
    key = derived(root, (*upper_factors(role, "3302"), factor))
    assert key.reveal().hex().upper() == CARD_KEYS[role]


def test_factors() -> None:
    """Factors are the documented bytes: city 3302FF…, last 8 bytes of the serial, bureau digits in ASCII with `sx`."""
    assert city_factor("3302").hex().upper() == "3302FF0000000000"
    assert card_factor(SERIAL).hex() == "3302000000000001"
    # The published example of a bureau: 371700 gives 3337313730307378.
    assert bureau_factor("3717").hex() == "3337313730307378"


def test_every_role_has_its_factors_and_its_chips() -> None:
    """No role is forgotten: each has a rule, and those that no chip holds are refused for every chip."""
    assert set(FACTORS) == set(KeyRole)
    assert frozenset({KeyRole.TRANSPORT}) == CARD_ROLES & PSAM_ROLES
    for role in set(KeyRole) - CARD_ROLES - PSAM_ROLES:
        assert FACTORS[role] in {Factors.NONE, Factors.BUREAU}
        for holder in (CARD, PSAM):
            with pytest.raises(KeyRoleRefused):
                chip_factor(role, holder)


def test_roots_go_into_psams_only() -> None:
    """Only the purchase root, only in a PSAM, is written undiversified; every other key of a chip has the chip's factor."""
    for holder, roles in ((CARD, CARD_ROLES), (PSAM, PSAM_ROLES)):
        for role in roles:
            assert (chip_factor(role, holder) is None) == (role is KeyRole.PSAM_PURCHASE)
    assert chip_factor(KeyRole.CARD_CONTROL, BLANK) == CHIP
    with pytest.raises(KeyRoleRefused):
        chip_factor(KeyRole.LOAD, BLANK)
