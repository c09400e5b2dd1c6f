"""The commit of one command: everything that it changes becomes true in one swap, or nothing does.

A handler stages its writes here and reads only the state before them; the operating system commits once, after the handler has
returned. That is the chip's anti-tear promise (防拔, JR/T 0025): balance, counter, log, compound records and proof change together.
"""

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Journal:
    """Writes staged by the running command, not yet true."""

    def __init__(self) -> None:
        self._writes: list[tuple[Callable[[], None], Callable[[], None]]] = []

    def put(self, table: dict[K, V], key: K, value: V) -> None:
        """Stage `table[key] = value`; a second write to the same key wins."""
        existed = key in table
        before = table.get(key)

        def undo() -> None:
            if existed:
                table[key] = before  # type: ignore[assignment]  # existed says that there is a value of the table's type
            else:
                table.pop(key, None)

        self._writes.append((lambda: table.__setitem__(key, value), undo))

    def replace_table(self, table: dict[K, V], content: dict[K, V]) -> None:
        """Stage that the table holds exactly this content."""
        before = dict(table)

        def fill(new: dict[K, V]) -> None:
            table.clear()
            table.update(new)

        self._writes.append((lambda: fill(content), lambda: fill(before)))

    def assign(self, target: object, attribute: str, value: object) -> None:
        """Stage `target.attribute = value`."""
        before = getattr(target, attribute)
        self._writes.append((lambda: setattr(target, attribute, value), lambda: setattr(target, attribute, before)))

    def discard(self) -> None:
        """Forget what was staged: power was lost before the commit point."""
        self._writes.clear()

    def commit(self, persist: Callable[[], None]) -> None:
        """Make the staged writes true, `persist` being the commit point; without staged writes nothing happens.

        Raises:
            OSError: `persist` could not store the new state; the old state is in force again.
        """
        writes, self._writes = self._writes, []
        if not writes:
            return
        for write, _ in writes:
            write()
        try:
            persist()
        except OSError:
            for _, undo in reversed(writes):
                undo()
            raise
