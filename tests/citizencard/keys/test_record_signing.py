"""Signatures of ceremony records."""

import pytest

from citizencard.keys.errors import KeyRoleRefused
from citizencard.keys.head_signing import HEAD_TITLE, head_is_signed
from citizencard.keys.keystore import KeyStore
from citizencard.keys.record_signing import RECORD_TITLE, record_is_signed
from citizencard.keys.vault import SoftwareVault


def test_record_is_signed_and_never_taken_for_a_head(asked: KeyStore) -> None:
    """An auditor checks a record with the key that he has for the heads; neither text passes for the other."""
    record = RECORD_TITLE + b"key load-01-v02\n"
    signature = asked.sign_record(record)
    public = asked.head_signing_key()
    assert record_is_signed(public, record, signature)
    assert not record_is_signed(public, record + b"x", signature)
    assert not head_is_signed(public, record, signature)
    head = HEAD_TITLE + b"1"
    assert not record_is_signed(public, head, asked.sign_head(head))
    with pytest.raises(KeyRoleRefused):
        asked.sign_record(head)
    with pytest.raises(KeyRoleRefused):
        asked.sign_head(record)


def test_another_city_did_not_sign_it(asked: KeyStore, vault: SoftwareVault) -> None:
    """A record of another city is not this one's."""
    record = RECORD_TITLE + b"key load-01-v02\n"
    assert not record_is_signed(asked.head_signing_key(), record, vault.sign_record(record))
