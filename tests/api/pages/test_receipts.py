"""The page where everybody can check a slip."""

import secrets
from datetime import datetime
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from citizencard.receipts.issuing import NewReceipt
from tests.api.pages.page import parse
from tests.api.pages.receipt_city import PUBLIC_URL, ReceiptCity


@pytest.fixture
def paid(sessions: Sessions, vault: SoftwareVault, tmp_path: Path, now: datetime) -> ReceiptCity:
    """A city with one paid bill."""
    return ReceiptCity.open(sessions, vault, now, tmp_path)


def visit(paid: ReceiptCity, path: str) -> TestResponse:
    return paid.app.test_client().get(path, base_url=PUBLIC_URL)


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("zh", ("凭证属实", "缴费凭证", "户号", "第 1 档 18 吨 ¥1.80", "污水处理费 18 吨", "市民卡账户")),
        (
            "en",
            (
                "This receipt is genuine",
                "Payment receipt",
                "Household no.",
                "Tier 1 18 t ¥1.80",
                "Sewage 18 t",
                "citizen card account",
            ),
        ),
    ],
)
def test_page_shows_what_the_slip_shows(paid: ReceiptCity, language: str, wanted: tuple[str, ...]) -> None:
    """Whoever is shown a slip compares it line by line; the page says no more than the paper."""
    answer = visit(paid, f"/verify/{paid.receipt.token}?lang={language}")
    assert answer.status_code == 200
    page = parse(answer.get_data(as_text=True))
    text = page.words()
    for said in (*wanted, "¥49.50", f"{paid.receipt.serial:010d}", "····3344", "¥32.40", "¥17.10"):
        assert said in text, said
    for hidden in ("10023344", paid.receipt.id, paid.receipt.subject_id):
        assert hidden not in answer.get_data(as_text=True)
    assert page.one("a", href=f"/receipts/{paid.receipt.token}.pdf")


def test_page_is_kept_out_of_lists_and_caches(paid: ReceiptCity) -> None:
    """A slip is for who holds it: no search engine and no cache keeps it, and following a link tells nobody its address."""
    for path in (f"/verify/{paid.receipt.token}", f"/receipts/{paid.receipt.token}.pdf", "/verify/none"):
        headers = visit(paid, path).headers
        assert headers["X-Robots-Tag"] == "noindex"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("token", ["x", "1", "%00", "..%2f..", "é", "a" * 32, "a" * 4_000, "%25", "'or'1'='1"])
def test_all_that_is_no_receipt_is_answered_alike(paid: ReceiptCity, token: str) -> None:
    """Nobody learns by trying which receipts there are, and the page says what to do."""
    plain = visit(paid, f"/verify/{secrets.token_urlsafe(24)}")
    assert plain.status_code == 404
    assert "没有这张凭证" in plain.get_data(as_text=True)
    for path in (f"/verify/{token}", f"/receipts/{token}.pdf"):
        answer = visit(paid, path)
        assert answer.status_code == 404
        # A slash makes it another address, and one with a NUL is none: both are answered before any page.
        if token not in ("..%2f..", "%00"):
            assert _without_address(answer) == _without_address(plain)


def _without_address(answer: TestResponse) -> str:
    return parse(answer.get_data(as_text=True)).one("main").words()


def test_neither_id_nor_serial_opens_a_receipt(paid: ReceiptCity) -> None:
    """What stands in lists and logs is no key to the page."""
    for guess in (paid.receipt.id, paid.receipt.subject_id, str(paid.receipt.serial), f"{paid.receipt.serial:010d}"):
        assert visit(paid, f"/verify/{guess}").status_code == 404


def test_slip_is_a_pdf(paid: ReceiptCity) -> None:
    """The slip opens in the browser, under a name that is found again."""
    answer = visit(paid, f"/receipts/{paid.receipt.token}.pdf")
    assert answer.content_type == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"] == f'inline; filename="receipt-{paid.receipt.serial:010d}.pdf"'


def test_what_a_slip_says_is_text(paid: ReceiptCity) -> None:
    """A utility with HTML in its name changes no page."""
    receipt = paid.give(NewReceipt("bill", "pay_evil", 1, {"utility": "<script>alert(1)</script>"}))
    body = visit(paid, f"/verify/{receipt.token}").get_data(as_text=True)
    assert "<script>alert" not in body
    assert "&lt;script&gt;" in body
