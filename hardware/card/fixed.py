"""Cutting structures of fixed length into their fields, with the right error when the length is wrong."""

from hardware.errors import MalformedCardData


def cut(what: str, data: bytes, *lengths: int) -> tuple[bytes, ...]:
    """Cut `data` into consecutive fields of the given lengths, all of it and nothing more.

    Raises:
        MalformedCardData: the data is shorter or longer than the sum of the lengths.
    """
    if len(data) != sum(lengths):
        raise MalformedCardData(what, f"{len(data)} bytes, must be {sum(lengths)}")
    fields: list[bytes] = []
    start = 0
    for length in lengths:
        fields.append(data[start : start + length])
        start += length
    return tuple(fields)


def require(what: str, field: str, value: bytes, length: int) -> bytes:
    """Return a field that is to be written, if it has its exact length.

    Raises:
        MalformedCardData: another length; names the field, never its content.
    """
    if len(value) != length:
        raise MalformedCardData(what, f"{field} has {len(value)} bytes, must have {length}")
    return value


def unsigned(what: str, field: str, value: int, length: int) -> bytes:
    """Write an unsigned number in `length` big-endian bytes.

    Raises:
        MalformedCardData: negative, or too large for the field.
    """
    if not 0 <= value < 1 << (8 * length):
        raise MalformedCardData(what, f"{field} does not fit in {length} bytes")
    return value.to_bytes(length)
