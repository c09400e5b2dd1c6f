"""Dates and times that a line's end does not break: browsers would part 2026-11-21 after each of its hyphens."""

import re
from typing import Final

from markupsafe import Markup, escape

_WHEN: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}:[0-9]{2}(?::[0-9]{2})?")


def unbroken(text: str) -> Markup:
    """A text for a page, its days and its times each in one piece."""
    return Markup(_WHEN.sub(r'<span class="when">\g<0></span>', str(escape(text))))  # noqa: S704 # escaped first; the pattern takes digits only
