"""The slip on paper."""

import importlib
import io
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pypdf
import pytest
import segno

from api.errors import PdfUnavailable
from api.pages import slip_pdf
from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from citizencard.receipts.issuing import NewReceipt
from tests.api.pages.receipt_city import ReceiptCity
from tests.api.pages.slip_reading import Paper, read_slip


@pytest.fixture
def paid(sessions: Sessions, vault: SoftwareVault, tmp_path: Path, now: datetime) -> ReceiptCity:
    """A city with one paid bill."""
    return ReceiptCity.open(sessions, vault, now, tmp_path)


def printed(paid: ReceiptCity, new: NewReceipt | None = None) -> bytes:
    receipt = paid.receipt if new is None else paid.give(new)
    with paid.app.test_request_context("/"):
        return slip_pdf.slip_pdf(receipt)


def words(paper: Paper) -> str:
    return " ".join(paper.text.split())


def test_slip_says_what_was_paid_in_both_languages(paid: ReceiptCity) -> None:
    """One A5 sheet: what, when, for which household, how it was reckoned; a name or a whole number is nowhere on it."""
    paper = read_slip(printed(paid))
    assert (paper.width_mm, paper.height_mm, paper.pages) == (148, 210, 1)
    text = words(paper)
    for said in (
        "缴费凭证 Payment receipt",
        "金额 Amount ¥49.50",
        f"凭证号 Receipt no. {paid.receipt.serial:010d}",
        "时间 Time 2026-11-21 08:30:00",
        "收费单位 Utility 示范市自来水公司",
        "户号 Household no. ····3344",
        "账期 Period 2026-10-01 – 2026-10-31",
        "用量 Quantity 18 吨 18 t",
        "市民卡账户 citizen card account",
        "第 1 档 Tier 1 18 吨 18 t ¥1.80 ¥32.40",
        "污水处理费 Sewage 18 吨 18 t ¥0.95 ¥17.10",
    ):
        assert said in text, said
    assert "测试环境" not in text
    assert "10023344" not in text


def test_code_leads_to_the_page_where_the_slip_is_checked(paid: ReceiptCity) -> None:
    """A telephone held over the paper opens the verify page of this very slip, and the address is printed beside it."""
    paper = read_slip(printed(paid))
    wanted = segno.make(paid.address, error="m", micro=False)
    assert paper.code == tuple(tuple(bool(square) for square in line) for line in wanted.matrix)
    assert paid.address in paper.text.replace("\n", "").replace(" ", "")


def test_slip_of_the_test_city_says_so(sessions: Sessions, vault: SoftwareVault, tmp_path: Path, now: datetime) -> None:
    """Nobody pays his rent with a slip of the demo."""
    test = ReceiptCity.open(sessions, vault, now, tmp_path, "test")
    assert "测试环境" in words(read_slip(printed(test)))


def test_slip_is_the_same_bytes_whenever_it_is_made(paid: ReceiptCity) -> None:
    """Two prints of one receipt can be compared by a machine."""
    first = printed(paid)
    slip_pdf._made.cache_clear()
    assert printed(paid) == first


def test_longest_slip_fits(paid: ReceiptCity) -> None:
    """Nine digits of yuan, a name of 120 characters and twenty tiers are all on the paper, and so is the code."""
    used = {"units": "1000000", "unit": "t", "price": "999.999999"}
    parts = [
        {"what": "tier", "minor": 10**12, "rule": "utilities.water", "facts": {"tier": number, **used}}
        for number in range(20)
    ]
    payload = {"utility": "水" * 120, "service": "Water " * 20, "parts": parts}
    paper = read_slip(printed(paid, NewReceipt("bill", "pay_long", 123_456_789_012, payload)))
    text = paper.text.replace("\n", "")
    assert "¥1,234,567,890.12" in text
    assert text.count("水") >= 120
    assert "Tier 19" in text
    assert len(paper.code) > 20


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A server of ours that notes who asks it for something."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_nothing_is_fetched_for_a_slip(paid: ReceiptCity, listener: tuple[str, list[str]], tmp_path: Path) -> None:
    """A name that holds HTML is a name, and no address is ever asked for, be it in the text or slipped into the page."""
    address, asked = listener
    secret = tmp_path / "secret.txt"
    secret.write_text("open sesame")
    evil = f"<img src='{address}/a.png'><link rel=attachment href='file://{secret}'>"
    paper = read_slip(printed(paid, NewReceipt("bill", "pay_evil", 1, {"utility": evil[:120]})))
    assert "<img" in paper.text
    styles = f"<style>@import url({address}/b.css); @font-face {{ font-family: f; src: url({address}/f.ttf) }} p {{ font: 9pt f }}</style>"
    made = slip_pdf._made(f"{styles}<p>{evil}</p><link rel=stylesheet href={address}/c.css><img src=file://{secret}>")
    assert not pypdf.PdfReader(io.BytesIO(made)).attachments
    assert asked == []


def test_server_without_pango_says_what_is_missing(paid: ReceiptCity, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything but the paper works, and the answer names the package to install."""

    def missing(name: str) -> object:
        raise OSError(f"cannot load library for {name}")

    slip_pdf._library.cache_clear()
    slip_pdf._made.cache_clear()
    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(PdfUnavailable):
        printed(paid)
    answer = paid.app.test_client().get(f"/receipts/{paid.receipt.token}.pdf")
    assert answer.status_code == 503
    assert answer.get_json(force=True)["code"] == "pdf_unavailable"
    assert answer.get_json(force=True)["package"] == "libpango-1.0-0"
