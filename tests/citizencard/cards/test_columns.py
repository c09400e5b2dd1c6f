"""Serials in the database."""

import pytest
from sqlalchemy.dialects import sqlite

from citizencard.cards.columns import HexBytes


def test_serial_is_kept_as_upper_case_text_of_its_length() -> None:
    """What people search for in the database is what they read on a screen; a cut serial is never stored."""
    column, dialect = HexBytes(3), sqlite.dialect()
    assert column.process_bind_param(b"\x0a\xbc\xde", dialect) == "0ABCDE"
    assert column.process_result_value("0ABCDE", dialect) == b"\x0a\xbc\xde"
    assert column.process_bind_param(None, dialect) is None
    assert column.process_result_value(None, dialect) is None
    with pytest.raises(ValueError, match="must be 3"):
        column.process_bind_param(b"\x0a", dialect)
