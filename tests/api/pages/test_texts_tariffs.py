"""The words about tariffs."""

from api.pages.texts import TEXTS
from api.pages.texts_tariffs import TARIFFS
from citizencard.tariffs.drafts.views import TariffState


def test_every_state_of_a_version_has_a_name() -> None:
    """A clerk never reads a slug, and no text is taken from another page."""
    assert {f"tariff.state.{state}" for state in TariffState} <= TARIFFS.keys()
    assert all(TEXTS[key] == texts for key, texts in TARIFFS.items())
    assert all(len(texts) == 2 and all(texts) for texts in TARIFFS.values())
