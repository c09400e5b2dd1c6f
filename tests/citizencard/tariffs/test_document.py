"""The validator: every mistake is named with its place, and a document without mistakes is read as it stands."""

from collections.abc import Callable
from typing import Any

import pytest

from citizencard.tariffs.document import check, read
from citizencard.tariffs.errors import TariffInvalid
from tests.citizencard.tariffs.make_tariffs import published


def test_published_document_has_no_mistake() -> None:
    """What the page shows can be put into force."""
    assert check(published(0)) == []
    tariff = read(published(0))
    assert tariff.lines == {1: 200, 2: 200}
    assert tariff.classes[3].sponsor == "transport_bureau"
    assert tariff.effective_from.isoformat() == "2026-01-01T00:00:00+08:00"


def test_ten_mistakes_are_ten_located_messages() -> None:
    """Whoever writes a tariff sees all mistakes at once, each where it is."""
    document = published(0)
    document |= {"format": 2, "version": True, "effective_from": "2026-01-01T00:00:00", "surprise": 1}
    del document["rounding"]
    document["transfer"] |= {"window_s": -1, "order": "whatever"}
    document["lines"]["01"] = {"base_fen": 2.5}
    document["classes"]["01"]["numerator"] = 11
    document["classes"]["zz"] = {"name": "", "numerator": 1, "denominator": 1, "sponsor": "a:b"}
    assert {fault.place for fault in check(document)} == {
        "surprise", "format", "version", "effective_from", "rounding", "transfer.window_s", "transfer.order",
        "lines.01", "lines.01.base_fen", "classes.01.numerator", "classes.zz", "classes.zz.name", "classes.zz.sponsor",
    }  # fmt: skip
    with pytest.raises(TariffInvalid) as caught:
        read(document)
    assert len(caught.value.public_fields()["faults"]) == 13  # type: ignore[arg-type] # a list


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (lambda document: document.update(lines={}), "lines"),
        (lambda document: document.update(lines=[1]), "lines"),
        (lambda document: document["lines"].update({"65536": {"base_fen": 1}}), "lines.65536"),
        (lambda document: document["lines"].update({"1": 200}), "lines.1"),
        (lambda document: document["lines"].update({"1": {"base_fen": "200"}}), "lines.1.base_fen"),
        (lambda document: document.update(classes=None), "classes"),
        (lambda document: document["classes"].update({"01": None}), "classes.01"),
        (lambda document: document["classes"]["01"].update(denominator=0), "classes.01.denominator"),
        (lambda document: document["classes"]["01"].update(numerator=float("nan")), "classes.01.numerator"),
        (lambda document: document.update(transfer="none"), "transfer"),
        (lambda document: document["transfer"].update(max_count=True), "transfer.max_count"),
        (lambda document: document["transfer"].update(same_line=1), "transfer.same_line"),
        (lambda document: document.update(effective_from=20260101), "effective_from"),
        (lambda document: document.update(version=0), "version"),
    ],
)
def test_each_mistake_has_its_place(spoil: Callable[[dict[str, Any]], None], place: str) -> None:
    """No wrong value slips into a price."""
    document = published(0)
    spoil(document)
    assert place in {fault.place for fault in check(document)}


@pytest.mark.parametrize("document", [None, [], "tariff", 3])
def test_only_an_object_is_a_tariff(document: object) -> None:
    """A file that holds something else is refused in one sentence."""
    assert [str(fault) for fault in check(document)] == ["document: must be a JSON object"]
    with pytest.raises(TariffInvalid):
        read(document)


def test_no_transfer_and_no_sponsor_are_possible() -> None:
    """A city without transfers, and a discount that the merchant gives itself."""
    document = published(0)
    document["transfer"] = None
    del document["classes"]["01"]["sponsor"]
    tariff = read(document)
    assert (tariff.transfer, tariff.classes[1].sponsor) == (None, None)
