"""Files in a terminal's folder: read with a limit, replaced at one instant."""

import json
import os
from pathlib import Path
from typing import Any, Final

from hardware.terminal.errors import DeviceInvalid

MAX_FILE_BYTES: Final = 16 * 2**20


def read_bytes(path: Path) -> bytes:
    """What a file of a terminal holds, at most 16 MiB of it.

    Raises:
        DeviceInvalid: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES)
    except OSError:
        raise DeviceInvalid(path, "cannot be read") from None


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        DeviceInvalid: it cannot be read, or is none.
    """
    try:
        document = json.loads(read_bytes(path))
    except ValueError:
        raise DeviceInvalid(path, "is not JSON") from None
    if not isinstance(document, dict):
        raise DeviceInvalid(path, "is not a JSON object")
    return document


def write_object(path: Path, document: dict[str, Any]) -> None:
    """Replace a file by a JSON object, at one instant."""
    write_bytes(path, json.dumps(document, indent=1).encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file at one instant: a cut of power at any write leaves the old or the new, whole."""
    temporary = path.with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
