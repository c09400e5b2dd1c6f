"""Texts that all pages of signed-in people share."""

from api.pages.texts_web import WEB
from citizencard.staff.permissions import STAFF_ROLES


def test_every_role_of_staff_has_a_name() -> None:
    """Whoever signs in reads in words as what he works."""
    assert {key for key in WEB if key.startswith("role.")} == {f"role.{role}" for role in STAFF_ROLES}


def test_every_refusal_says_that_nothing_was_changed() -> None:
    """Nobody has to guess whether the money moved."""
    chinese, english = WEB["refusal.unchanged"]
    assert "没有任何内容被更改" in chinese
    assert "Nothing was changed" in english
