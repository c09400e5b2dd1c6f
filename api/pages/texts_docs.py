"""Texts around the documentation of the interface: (Chinese, English). Its content is English: field names and codes are."""

from collections.abc import Mapping
from typing import Final

DOCS: Final[Mapping[str, tuple[str, str]]] = {}
