"""What a process remembers of lists that it made, by names that tell their content: it can never be out of date."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)
Thing = TypeVar("Thing")


class Memory(Generic[Name, Thing]):
    """The things last used, the least used given up first. Safe for threads; the things must not be changed.

    Args:
        most: how many.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Name, Thing] = OrderedDict()
        self._lock = Lock()

    def find(self, name: Name) -> Thing | None:
        """What is kept under a name."""
        with self._lock:
            found = self._kept.get(name)
            if found is not None:
                self._kept.move_to_end(name)
            return found

    def keep(self, name: Name, thing: Thing) -> None:
        """Keep a thing under a name."""
        with self._lock:
            self._kept[name] = thing
            self._kept.move_to_end(name)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
