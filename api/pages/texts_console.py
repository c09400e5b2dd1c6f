"""Texts of the pages under /console: (Chinese, English)."""

from collections.abc import Mapping
from typing import Final

CONSOLE: Final[Mapping[str, tuple[str, str]]] = {}
