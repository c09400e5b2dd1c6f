"""Texts of the pages under /portal: (Chinese, English)."""

from collections.abc import Mapping
from typing import Final

PORTAL: Final[Mapping[str, tuple[str, str]]] = {}
