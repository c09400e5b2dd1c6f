"""Published documents that were read lately: a batch of taps is not made to wait for the same tariff to be read again."""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

from citizencard.tariffs.document import Tariff, read_published

READ_DOCUMENTS: Final = 16
"""A city has one tariff in force and a few that late taps name; a document of a large city takes some megabytes when it is read."""


class Shelf:
    """Read documents by version and digest, the least used ones given up first. Safe for threads: what is on it is frozen.

    Args:
        size: documents at most.
    """

    def __init__(self, size: int = READ_DOCUMENTS) -> None:
        self._size = size
        self._read: OrderedDict[tuple[int, str], Tariff] = OrderedDict()
        self._lock = Lock()

    def find(self, version: int, digest: str) -> Tariff | None:
        """The tariff, if it was read lately. The digest belongs to the question: another city's version 3 is another tariff."""
        with self._lock:
            found = self._read.get((version, digest))
            if found is not None:
                self._read.move_to_end((version, digest))
            return found

    def read(self, version: int, digest: str, document: Mapping[str, Any]) -> Tariff:
        """Read a published document, or remember having read it.

        Raises:
            TariffInvalid: it is of a format that is not read any more.
        """
        tariff = self.find(version, digest)
        if tariff is None:
            tariff = read_published(document)
            with self._lock:
                self._read[version, digest] = tariff
                while len(self._read) > self._size:
                    self._read.popitem(last=False)
        return tariff


shelf: Final = Shelf()
"""The one of this process."""
