"""The tariff of citizencard/tariffs/README.md, read from that page, so that what is published is what is tested."""

import json
import re
from pathlib import Path
from typing import Any

README = Path(__file__).parents[3] / "citizencard" / "tariffs" / "README.md"


def published(index: int) -> dict[str, Any]:
    """The n-th JSON example of the page: 0 the document, 1 the device table."""
    blocks = re.findall(r"```json\n(.*?)```", README.read_text(), re.DOTALL)
    document: dict[str, Any] = json.loads(blocks[index])
    return document
