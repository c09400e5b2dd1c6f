"""The slip on paper: A5, Chinese and English side by side, with a QR code that leads to the page where it is checked.

WeasyPrint needs the system's Pango (Debian: libpango-1.0-0, libpangoft2-1.0-0) and a font with Chinese characters
(Debian: fonts-wqy-microhei or fonts-noto-cjk); without Pango everything but the slips works.
"""

import importlib
import threading
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import segno
from flask import render_template

from api.city import city
from api.errors import PdfUnavailable
from api.pages.language import Language, say
from api.pages.slips import slip, written_serial
from citizencard.receipts.models import Receipt

PACKAGE: Final = "libpango-1.0-0"
STYLE: Final = Path(__file__).parent / "templates" / "receipt.css"
KEPT: Final = 32
"""Slips that are kept after they were made: a receipt never changes."""
QR_BORDER: Final = 4
"""Modules of white around the code that readers need (ISO/IEC 18004)."""

_one_at_a_time = threading.Lock()
"""Pango's font tables are not made for several threads."""


def verify_address(token: str) -> str:
    """Where the slip with this token is checked."""
    return f"{city().settings.public_url.rstrip('/')}/verify/{token}"


def slip_pdf(receipt: Receipt) -> bytes:
    """The slip as PDF; the same bytes whenever it is asked for. To be called with no transaction open: it takes some tenths of a second.

    Raises:
        PdfUnavailable: this computer lacks Pango; names its package.
    """
    chinese, english = slip(receipt, Language.ZH), slip(receipt, Language.EN)

    def both(key: str) -> tuple[str, str]:
        return say(Language.ZH, key), say(Language.EN, key)

    address = verify_address(receipt.token)
    html = render_template(
        "receipt.html",
        both=both,
        kind=f"receipt.kind.{receipt.kind}",
        serial=written_serial(receipt.serial),
        amount=chinese.amount,
        lines=list(zip(chinese.lines, english.lines, strict=True)),
        parts=list(zip(chinese.parts, english.parts, strict=True)),
        issued_at=receipt.issued_at.isoformat(timespec="seconds"),
        address=address,
        qr=segno.make(address, error="m", micro=False).svg_inline(omitsize=True, border=QR_BORDER),
        is_test=city().settings.realm == "test",
    )
    return _made(html)


@lru_cache(maxsize=KEPT)
def _made(html: str) -> bytes:
    library = _library()
    with _one_at_a_time:
        # A slip is complete in itself: no address in it is ever followed, neither out of the house nor into its files.
        nothing = library.URLFetcher(allowed_protocols=())
        document = library.HTML(string=html, url_fetcher=nothing)
        style = library.CSS(string=STYLE.read_text(), url_fetcher=nothing)
        made: bytes = document.write_pdf(stylesheets=[style])
    return made


@cache
def _library() -> Any:  # noqa: ANN401 # loaded when the first slip is asked for: loading needs libraries of the system
    try:
        return importlib.import_module("weasyprint")
    except OSError:
        raise PdfUnavailable(f"install {PACKAGE} on the server", package=PACKAGE) from None
