"""Files as people save them: read exactly, or refused in one sentence that says where."""

import pytest

from citizencard.tariffs.errors import DocumentUnreadable
from citizencard.tariffs.json_text import MAX_DOCUMENT_BYTES, read_json


def test_a_file_is_read_as_it_stands() -> None:
    """Chinese names, and the mark that some editors put in front, are no obstacle."""
    assert read_json('\ufeff{"name": "苏州", "list": [1, "2.00"]}'.encode()) == {"name": "苏州", "list": [1, "2.00"]}


@pytest.mark.parametrize(
    ("raw", "reason", "words"),
    [
        (b'{"a": 1,\n "b": }', "not_json", "line 2, column 7"),
        (b"", "not_json", "line 1, column 1"),
        (b'{"a": 1, "a": 2}', "field_twice", 'it has the field "a" twice'),
        (b'[{"x": {"deep": 1, "deep": 1}}]', "field_twice", '0.x has the field "deep" twice'),
        (
            b'{"a": {"b": 1, "b": 2}, "a": {}, "c": {"d": [{}, {"e": 0, "f": 1, "f": 2}]}}',
            "field_twice",
            'has the field "a" twice',
        ),
        (
            b'{"x": 0, "c": {"d": [{}, {"e": 0, "f": 1, "f": 2}], "g": {"h": 1, "h": 1}}}',
            "field_twice",
            'c.d.1 has the field "f" twice',
        ),
        ('{"name": "苏州"}'.encode("gbk"), "not_utf8", "byte 11, in line 1"),
        (b'{"a": NaN}', "not_json", "NaN"),
        (b"[" * 100_000, "too_deep", "nested"),
        (b"1" * 5_000, "not_json", "digits"),
        (b" " * (MAX_DOCUMENT_BYTES + 1), "too_large", "8 MiB"),
    ],
    ids=[
        "comma",
        "empty",
        "twice",
        "twice below",
        "twice outside",
        "twice twice",
        "gbk",
        "nan",
        "brackets",
        "digits",
        "large",
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(raw: bytes, reason: str, words: str) -> None:
    """Whoever wrote the file knows what to mend, and sees no stack trace."""
    with pytest.raises(DocumentUnreadable) as caught:
        read_json(raw)
    assert caught.value.public_fields() == {"reason": reason}
    assert words in str(caught.value)
