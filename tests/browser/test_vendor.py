"""What the tests bring along is what its maker published."""

import base64
import hashlib
import json
from pathlib import Path

VENDOR = Path(__file__).with_name("vendor")


def test_files_are_those_of_the_manifest() -> None:
    """Nobody weakens the judge of our pages unseen: each file is listed with its maker's version and its checksum."""
    manifest = json.loads((VENDOR / "manifest.json").read_text())
    for entry in manifest:
        digest = base64.b64encode(hashlib.sha384((VENDOR / entry["file"]).read_bytes()).digest()).decode()
        assert entry["sha384"] == f"sha384-{digest}", entry["file"]
        assert entry["licence"]
    assert {path.name for path in VENDOR.iterdir()} == {"manifest.json", *(entry["file"] for entry in manifest)}
