"""What a process remembers of lists."""

from citizencard.cards.hotlist_memory import Memory


def test_least_used_is_given_up() -> None:
    """A worker's memory stays small, and what all terminals ask for stays in it."""
    memory = Memory[int, str](most=2)
    memory.keep(1, "one")
    memory.keep(2, "two")
    assert memory.find(1) == "one"
    memory.keep(3, "three")
    assert [memory.find(number) for number in (1, 2, 3)] == ["one", None, "three"]
    memory.keep(3, "another")
    assert memory.find(3) == "another"
