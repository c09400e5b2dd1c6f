"""Chinese text in fields of fixed length: GB 18030, filled up with zeros."""

from typing import Final

from hardware.errors import MalformedCardData

# GBK and what came after it: a rare character in a name must not stop a card from being issued.
_NAME_CODEC: Final = "gb18030"


def chip_text(text: str, limit_bytes: int) -> str:
    """The longest beginning of a text that fits in a chip field: whole characters, GB 18030.

    Long names (there are people with more than ten characters) are cut on the chip only; the register has them whole.

    Raises:
        MalformedCardData: the text holds half a surrogate pair; it is not in the message.
    """
    try:
        encoded = text.encode(_NAME_CODEC)[:limit_bytes]
    except UnicodeEncodeError:
        raise MalformedCardData("text", "cannot be written in GB 18030") from None
    return encoded.decode(_NAME_CODEC, errors="ignore")


def encode_text(what: str, field_name: str, text: str, length: int) -> bytes:
    """A text in GB 18030, filled up with zeros.

    Raises:
        MalformedCardData: too long, or it cannot be written or contains a zero; the text is not in the message.
    """
    try:
        encoded = text.encode(_NAME_CODEC)
    except UnicodeEncodeError:
        raise MalformedCardData(what, f"{field_name} cannot be written in GB 18030") from None
    if len(encoded) > length or 0 in encoded:
        raise MalformedCardData(what, f"{field_name} must have at most {length} bytes and no zero")
    return encoded.ljust(length, b"\x00")


def decode_text(what: str, field_name: str, data: bytes) -> str:
    """Read a text in GB 18030 up to its filling zeros.

    Raises:
        MalformedCardData: not GB 18030, or bytes follow after a zero.
    """
    encoded = data.rstrip(b"\x00")
    try:
        text = encoded.decode(_NAME_CODEC)
    except UnicodeDecodeError:
        raise MalformedCardData(what, f"{field_name} is not GB 18030") from None
    if 0 in encoded or text.encode(_NAME_CODEC) != encoded:
        raise MalformedCardData(what, f"{field_name} is not in its one proper form")
    return text
