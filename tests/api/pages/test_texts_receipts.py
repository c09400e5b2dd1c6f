"""Texts of receipts."""

from api.pages.slips import _KNOWN
from api.pages.texts_receipts import RECEIPTS
from citizencard.receipts.models import ReceiptKind


def test_every_kind_and_line_has_its_words() -> None:
    """No slip is printed with a hole in it."""
    for kind in ReceiptKind:
        assert f"receipt.kind.{kind}" in RECEIPTS
    for name in ("serial", "issued_at", "how_back", *(name for name, _, _ in _KNOWN)):
        assert f"receipt.{name}" in RECEIPTS
