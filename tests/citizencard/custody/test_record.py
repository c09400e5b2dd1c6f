"""Printed records."""

from datetime import UTC, datetime

import pytest

from citizencard.custody.record import Record, is_genuine, record_hash, signed
from citizencard.keys.vault import SoftwareVault

RECORD = Record(
    "key ceremony",
    datetime(2026, 11, 21, 4, tzinfo=UTC),
    "test",
    "3302",
    (("component 1, check value", "0A1B2C"),),
    (("P-1", "custodian 1"), ("P-2", "custodian 2")),
)


def test_record_is_for_pens_and_for_programs(vault: SoftwareVault) -> None:
    """Custodians find their names, an auditor verifies it with the heads' key, and any altered line is noticed."""
    text = signed(RECORD, vault)
    public = vault.head_signing_key()
    assert text.startswith("citizencard-keys record 1\n")
    assert text.count("P-1") == 2
    assert "2026-11-21T12:00:00+08:00" in text
    assert is_genuine(text, public)
    assert is_genuine(text + "a note by pen", public)
    for altered in (
        text.replace("P-2", "P-3", 1),
        text.replace("0A1B2C", "0A1B2D"),
        text.replace("signature", "x"),
        "",
    ):
        assert not is_genuine(altered, public)
    assert not is_genuine(text.split("signature")[0] + "signature (Ed25519) no hex\n", public)
    assert record_hash(text) != record_hash(text + " ")


def test_a_line_cannot_pretend_to_be_two(vault: SoftwareVault) -> None:
    """A name with a line break could add a line that nobody has seen."""
    with pytest.raises(ValueError, match="one line"):
        signed(Record("x", RECORD.at, "test", "3302", (("reason", "a\nkey  b"),)), vault)
