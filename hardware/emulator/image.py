"""Card images: the persistent memory of one emulated chip in a file that only its owner can read.

An image holds that chip's keys: the one exception to "keys in no file". It exists in the realm `test` only.
"""

import contextlib
import fcntl
import json
import os
import weakref
from pathlib import Path
from typing import Any, Self

from hardware.emulator.file_system import DedicatedFile
from hardware.emulator.image_format import ChipOptions, ImageContent, content_from_document, document_from_content
from hardware.errors import CardImageInUse, CardImageInvalid

MAX_IMAGE_BYTES = 1_048_576
MAX_LOCK_ATTEMPTS = 8
FILE_MODE = 0o600
DIRECTORY_MODE = 0o700


class CardImage:
    """The EEPROM of one chip, in memory or backed by a JSON file.

    Args:
        content: what the chip holds.
        path: the file behind it; None for a chip that lives in memory only.
    """

    def __init__(self, content: ImageContent, path: Path | None = None) -> None:
        self._content = content
        self.path = path
        self._release: weakref.finalize[Any, Any] | None = None

    def __repr__(self) -> str:
        return f"CardImage({self.kind} {self.chip_serial.hex().upper()}, {self.path or 'in memory'})"

    @property
    def kind(self) -> str:
        """`card` or `psam`."""
        return self._content.kind

    @property
    def chip_serial(self) -> bytes:
        """8 bytes given by the maker."""
        return self._content.chip_serial

    @property
    def atr(self) -> bytes:
        """Answer to reset; its historical bytes end with the chip serial."""
        return self._content.atr

    @property
    def options(self) -> ChipOptions:
        """How this chip's operating system was configured by the maker."""
        return self._content.options

    @property
    def master_file(self) -> DedicatedFile:
        """Root of the file system."""
        return self._content.master_file

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read an image.

        Raises:
            CardImageInvalid: not there, too big, not an image, damaged, or not of the realm `test`.
        """
        return cls(_read(Path(path)), Path(path))

    def save(self, path: str | Path | None = None) -> None:
        """Store the image atomically: after a crash the file holds either the old or the new state, never a part.

        Args:
            path: where to; None for the file it is backed by (nothing happens for a chip in memory).

        Raises:
            OSError: the file could not be written; the old one is untouched.
        """
        if path is not None:
            self.path = Path(path)
        self._store(forced=True)

    def save_unforced(self) -> None:
        """Store the image as `save` does, but let the system choose when it reaches the disk: whole after a killed process.

        Raises:
            OSError: as `save`.
        """
        self._store(forced=False)

    def _store(self, *, forced: bool) -> None:
        if self.path is not None:
            text = json.dumps(document_from_content(self._content), separators=(",", ":"))
            _write_atomically(self.path, text.encode(), forced=forced)

    def acquire(self) -> None:
        """Insert the chip: take the exclusive lock of its file and read its present state. In memory: nothing to do.

        The lock belongs to the process and ends with it, so a killed process leaves no stale lock behind.

        Raises:
            CardImageInUse: inserted elsewhere.
            CardImageInvalid: the file cannot be used.
        """
        if self.path is None or self._release is not None:
            return
        descriptor = _lock(self.path)
        self._release = weakref.finalize(self, os.close, descriptor)
        try:
            self._content = _read(self.path)
        except CardImageInvalid:
            self.release()
            raise

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._release is not None:
            if self.path is not None:
                _lock_path(self.path).unlink(missing_ok=True)  # while it is still locked: nobody else can own it now
            self._release()
            self._release = None

    @property
    def inserted(self) -> bool:
        """Whether this object holds the lock of its file."""
        return self._release is not None


def _lock_path(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _lock(path: Path) -> int:
    """Descriptor of the locked lock file. A holder removes the file on release, so what was locked must still be the file there."""
    lock_path = _lock_path(path)
    for _ in range(MAX_LOCK_ATTEMPTS):
        try:
            descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        except OSError as error:
            raise CardImageInvalid(path, f"its lock file cannot be opened: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise CardImageInUse(path) from error
        with contextlib.suppress(FileNotFoundError):
            if lock_path.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        os.close(descriptor)
    raise CardImageInUse(path)


def _read(path: Path) -> ImageContent:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_IMAGE_BYTES + 1)
    except OSError as error:
        raise CardImageInvalid(path, error.strerror or "cannot be read") from error
    if len(raw) > MAX_IMAGE_BYTES:
        raise CardImageInvalid(path, f"larger than {MAX_IMAGE_BYTES} bytes")
    try:
        return content_from_document(json.loads(raw))
    except (ValueError, RecursionError) as error:
        raise CardImageInvalid(path, _reason(error)) from None


def _reason(error: Exception) -> str:
    """What is wrong, without a byte of the content: a message of the JSON reader may quote it."""
    return "not JSON" if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError, RecursionError)) else str(error)


def _write_atomically(path: Path, content: bytes, *, forced: bool) -> None:
    """Write beside the file, force it to the disk, rename: the rename is the commit point."""
    path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    new = path.with_name(
        f".{path.name}.new"
    )  # one name: what a killed process left behind is overwritten, not collected
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        if forced:
            file.flush()
            os.fsync(file.fileno())
    new.replace(path)
    if not forced:
        return
    # The rename is visible from here on; a file system that cannot sync a folder must not turn a commit into an error.
    with contextlib.suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
