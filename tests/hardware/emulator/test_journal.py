"""The journal: what a command changes becomes true together or not at all."""

from dataclasses import dataclass

import pytest

from hardware.emulator.journal import Journal


@dataclass
class Purse:
    """Something whose attribute the journal writes."""

    balance_fen: int = 0


def nothing() -> None:
    """A commit point that always holds."""


def test_staged_writes_are_not_true_before_the_commit() -> None:
    """Nobody sees half a transaction."""
    journal, table, purse = Journal(), {1: "old"}, Purse(5)
    journal.put(table, 1, "new")
    journal.put(table, 2, "more")
    journal.assign(purse, "balance_fen", 7)
    assert (table, purse) == ({1: "old"}, Purse(5))
    journal.commit(nothing)
    assert (table, purse) == ({1: "new", 2: "more"}, Purse(7))


def test_discarded_writes_never_happened() -> None:
    """Power lost before the commit point changes nothing, then or later."""
    journal, table = Journal(), {1: "old"}
    journal.put(table, 1, "new")
    journal.discard()
    journal.commit(nothing)
    assert table == {1: "old"}


def test_failed_commit_restores_the_old_state() -> None:
    """A memory that cannot be written leaves the card as it was, also where one value was written twice."""
    journal, table, purse = Journal(), {1: "old", 3: "kept"}, Purse(5)
    journal.put(table, 1, "new")
    journal.put(table, 1, "newer")
    journal.put(table, 2, "more")
    journal.replace_table(table, {9: "only"})
    journal.assign(purse, "balance_fen", 7)

    def fail() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        journal.commit(fail)
    assert (table, purse) == ({1: "old", 3: "kept"}, Purse(5))


def test_nothing_staged_writes_nothing() -> None:
    """Reading a card does not wear out its memory."""

    def fail() -> None:
        raise AssertionError("nothing was to be stored")

    Journal().commit(fail)


def test_table_can_be_replaced_whole() -> None:
    """Erasing a directory is one write."""
    journal, table = Journal(), {1: "a", 2: "b"}
    journal.replace_table(table, {})
    assert table
    journal.commit(nothing)
    assert table == {}
