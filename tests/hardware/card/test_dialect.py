"""What sources leave open: every question has an option, and the options are documented."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from hardware.card import dialect
from hardware.card.dialect import OUR_CARD, Dialect, LogCounter
from hardware.card.profile import CardProfile, PsamProfile
from hardware.errors import MalformedCardData

README = Path(dialect.__file__).parent / "README.md"


def test_every_option_is_documented_with_its_default() -> None:
    """A maker of cards reads on one page what we assume, and where to change it."""
    text = README.read_text()
    for option in fields(Dialect):
        default = getattr(OUR_CARD, option.name)
        assert f"| `{option.name}` | `{default}` |" in text
        assert f"{option.name}:" in (Dialect.__doc__ or "")


def test_profiles_carry_their_dialect() -> None:
    """A card that answers otherwise is another profile, never another program."""
    assert CardProfile().dialect == PsamProfile().dialect == OUR_CARD
    assert CardProfile(dialect=dialect.T_UNION).dialect.purchase_factors == 1


def test_log_and_proof_count_as_the_dialect_says() -> None:
    """INITIALIZE answered n: our card logs n + 1, another n."""
    assert OUR_CARD.logged_counter(0x27) == 0x28
    assert replace(OUR_CARD, log_counter=LogCounter.BEFORE).logged_counter(0x27) == 0x27


@pytest.mark.parametrize(
    "wrong", [{"challenge_bytes": 5}, {"purchase_factors": 0}, {"purchase_factors": 4}, {"sm4_authentication_bytes": 4}]
)
def test_numbers_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    """A slip in a profile is found before a card is made."""
    with pytest.raises(MalformedCardData):
        replace(OUR_CARD, **wrong)  # type: ignore[arg-type]  # only numbers are tried here
