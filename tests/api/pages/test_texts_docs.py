"""The words around the documentation."""

from api.openapi import SECURITY
from api.pages.docs import GUIDES
from api.pages.texts_docs import DOCS


def test_every_guide_and_way_in_has_words() -> None:
    """Each newcomer's guide has a title and a sentence; each way of being recognised has a name."""
    for guide in GUIDES:
        assert {f"guide.{guide}", f"guide.{guide}.about"} <= DOCS.keys()
    assert {f"op.{name}" for name in SECURITY} <= DOCS.keys()
