"""The vault's word on a batch."""

from dataclasses import replace
from datetime import UTC, datetime

from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.certify import certify
from tests.citizencard.purse.uploads.make_records import a_card, a_device, tap

AT = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


def test_one_answer_per_record(vault: SoftwareVault) -> None:
    """A genuine signature is believed; under another card, amount, terminal or key version it is not."""
    device = a_device(1)
    genuine = tap(device, a_card(1), AT, 180)
    records = [
        genuine,
        replace(genuine, card_serial=a_card(2).serial),
        replace(genuine, amount_fen=181),
        replace(genuine, key_version=9),
        replace(genuine, card_counter=9, line=9),
    ]
    assert certify(vault, device.number, records) == [True, False, False, False, True]
    assert certify(vault, a_device(2).number, [genuine]) == [False]
    assert certify(vault, device.number, []) == []
