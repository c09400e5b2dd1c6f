"""Files and keys as values: what replacing and counting mean."""

import pytest

from hardware.emulator.file_system import DedicatedFile, ElementaryFile, KeyRecord, Structure


def file(structure: Structure, **values: object) -> ElementaryFile:
    settings: dict[str, object] = {
        "file_id": 0xEF05,
        "structure": structure,
        "read": 0xF0,
        "update": 0xF0,
        "protection_kid": None,
        "capacity": 2,
    }
    return ElementaryFile(**(settings | values))  # type: ignore[arg-type]  # a table of the dataclass's own fields


def test_short_identifier_is_the_low_five_bits() -> None:
    """EF05 is read as SFI 5, 0x001E as SFI 1E."""
    assert file(Structure.BINARY).sfi == 0x05
    assert file(Structure.CYCLIC, file_id=0x001E).sfi == 0x1E


def test_cyclic_file_forgets_its_oldest() -> None:
    """Newest first, as many as there is room for."""
    log = file(Structure.CYCLIC, record_bytes=1)
    for record in (b"1", b"2", b"3"):
        log = log.with_new_record(record)
    assert log.records == (b"3", b"2")


def test_values_are_replaced_and_not_changed() -> None:
    """The journal can go back because the old value is still what it was."""
    before = file(Structure.BINARY, content=b"\x00\x00")
    after = before.with_content(1, b"\x07")
    assert (before.content, after.content) == (b"\x00\x00", b"\x00\x07")
    listed = file(Structure.FIXED, record_bytes=1, records=(b"a", b"b"))
    assert (listed.with_record(2, b"c").records, listed.records) == ((b"a", b"c"), (b"a", b"b"))


def test_records_have_lengths_and_limits() -> None:
    """Fixed records are exact, variable ones 1 to 255 bytes within the file's size and 254 in number."""
    assert file(Structure.FIXED, record_bytes=3).accepts_record(b"abc")
    assert not file(Structure.FIXED, record_bytes=3).accepts_record(b"ab")
    variable = file(Structure.VARIABLE, capacity=1_000)
    assert [variable.accepts_record(bytes(length)) for length in (0, 1, 255, 256)] == [False, True, True, False]
    assert variable.has_room_for((b"x",) * 254)
    assert not variable.has_room_for((b"x",) * 255)
    assert not variable.has_room_for((bytes(255),) * 4)


@pytest.mark.parametrize(("kind", "counts"), [(0x39, True), (0x3A, True), (0x36, True), (0x3E, False), (0x34, False)])
def test_only_some_keys_count_errors(kind: int, counts: bool) -> None:
    """The fifth byte of a purchase key is its algorithm and never runs down."""
    key = KeyRecord(kind, 0, 0xF0, 0xF0, 0xAA, 0x33, bytes(16))
    assert key.counts_errors is counts
    assert (key.after_failure().algorithm == 0x32) is counts
    assert key.after_failure().after_success() == key


def test_tries_run_down_to_zero_and_stay() -> None:
    """Three of three, then blocked; FF counts nothing."""
    key = KeyRecord(0x39, 0, 0xF0, 0xF0, 0xAA, 0x33, bytes(16))
    left = []
    for _ in range(4):
        key = key.after_failure()
        left.append(key.tries_left)
    assert (left, key.blocked) == ([2, 1, 0, 0], True)
    endless = KeyRecord(0x39, 0, 0xF0, 0xF0, 0xAA, 0xFF, bytes(16))
    assert endless.after_failure() == endless
    assert not endless.blocked
    assert key.next_state == 0x0A


def test_memory_is_what_was_reserved() -> None:
    """A directory counts its files, its keys and what was promised to directories below it."""
    inner = DedicatedFile(0x1001, b"INNER", 0xF0, 0xF0, capacity=500)
    outer = DedicatedFile(0x3F00, b"OUTER", 0xF0, 0xF0, capacity=1_000, key_capacity=100, directories={0x1001: inner})
    outer.files[0xEF05] = file(Structure.FIXED, capacity=10, record_bytes=3)
    assert outer.memory_bytes == 100 + (16 + 30) + (16 + 500)


def test_key_value_is_not_in_the_repr() -> None:
    """A key in a traceback does not give itself away."""
    assert "DEADBEEF" not in repr(KeyRecord(0x39, 0, 0, 0, 0, 0, bytes.fromhex("DEADBEEF"))).upper()
    assert "xde" not in repr(KeyRecord(0x39, 0, 0, 0, 0, 0, bytes.fromhex("DEADBEEF")))
