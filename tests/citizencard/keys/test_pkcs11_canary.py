"""Planted keys and PINs are looked for in everything that leaves a token."""

import copy
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from citizencard.config import Settings, TokenPlace
from citizencard.keys.derivation import algorithm_of
from citizencard.keys.errors import KeysError
from citizencard.keys.hsm import FieldContext, KeyRole, TacQuestion
from citizencard.keys.keyring import STORED_ROLES
from citizencard.keys.pkcs11.store import TokenTerms
from citizencard.keys.pkcs11.vault import TokenVault
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.transport import WrappedKey
from citizencard.keys.vault_file import KeyState
from hardware.card import crypto
from tests.citizencard.keys.questions import (
    BLANK,
    CARD,
    CHALLENGE4,
    CHALLENGE8,
    LOAD_MAC1,
    LOAD_MAC2,
    PROOF,
    PSAM,
    SERIAL,
    UNLOAD_MAC1,
    UNLOAD_MAC2,
    UNLOAD_MAC3,
)
from tests.citizencard.keys.softhsm import PIN, SO_PIN, SoftHsm

CITY = bytes.fromhex("3302FF0000000000")
CANARIES = {
    role: (f"token.{list(KeyRole).index(role):02d}." * 8).encode()[: algorithm_of(role).key_bytes]
    for role in STORED_ROLES
}
TRANSPORT = SecretKey(KeyAlgorithm.AES_256, b"transport canary" * 2)


@pytest.fixture
def planted(softhsm: SoftHsm, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> TokenVault:
    """A token whose roots are known to the test; everything is logged."""
    caplog.set_level(logging.DEBUG)
    place = softhsm.token(f"canary{tmp_path.name[-8:]}")
    return TokenVault.create(place, "test", TokenTerms(masters=CANARIES))


def _spellings() -> Iterator[bytes]:
    """The roots, their halves, the city's keys, those of one card, and the PINs, as somebody might print them."""
    secrets: list[bytes] = [PIN.encode(), SO_PIN.encode(), TRANSPORT.reveal()]
    for root in CANARIES.values():
        secrets += [root, root[:8], root[8:]]
        if len(root) == 16:
            city = crypto.diversify(root, CITY)
            secrets += [city, crypto.diversify(city, SERIAL[2:]), crypto.diversify(root, CARD.chip_serial)]
    for secret in secrets:
        yield from (
            secret,
            secret.hex().encode(),
            secret.hex().upper().encode(),
            repr(secret).encode(),
            repr(list(secret)).encode(),
        )


def _assert_clean(text: str | bytes) -> None:
    raw = text if isinstance(text, bytes) else text.encode()
    assert not [spelling for spelling in _spellings() if spelling in raw]


def test_no_answer_holds_a_key(planted: TokenVault, caplog: pytest.LogCaptureFixture) -> None:
    """Every question is asked once; no answer, no log line and nothing printable of the token holds a key or a PIN."""
    application = KeyRole.APPLICATION_CONTROL
    answers: list[object] = [
        planted.tacs_are_valid([TacQuestion(SERIAL, 1, 0, bytes(22), bytes(4))]),
        planted.load_mac1_is_valid(LOAD_MAC1),
        planted.load_mac2(LOAD_MAC2),
        planted.unload_mac1_is_valid(UNLOAD_MAC1),
        planted.unload_mac2(UNLOAD_MAC2),
        planted.unload_mac3_is_valid(UNLOAD_MAC3),
        planted.proof_purchase_mac1(PROOF),
        planted.purchase_mac2_is_valid(PROOF, bytes(4)),
        planted.card_proof_is_valid(SERIAL, 1, CHALLENGE8, bytes(8)),
        planted.authentication(KeyRole.TRANSPORT, BLANK, CHALLENGE8),
        planted.protected_key_command(b"\x01\x01", KeyRole.LOAD, application, CARD, CHALLENGE4).to_bytes(),
        planted.protected_key_command(
            b"\x01\x01", KeyRole.PSAM_PURCHASE, KeyRole.PSAM_APPLICATION_CONTROL, PSAM, CHALLENGE4
        ).to_bytes(),
        planted.card_identity_mac(bytes(12)),
        planted.encrypt(FieldContext("person", "name", "per_1"), "张伟"),
        planted.blind_index("document", "1"),
        planted.agent_signing_key(),
        planted.head_signing_key(),
        planted.inventory(),
        planted.add_version(KeyRole.TAC),
        planted.set_state("tac-01-v01", KeyState.RETIRED),
        planted,
        planted.store,
        planted.store._connection,
        TokenTerms(masters=CANARIES),
        WrappedKey(TRANSPORT.reveal(), bytes(3)),
        planted.store.ask(repr),
        planted.store.ask(lambda ring: list(ring.session.get_objects())),
        traceback.format_stack(),
    ]
    for answer in answers:
        _assert_clean(answer if isinstance(answer, bytes) else repr(answer))
    _assert_clean(caplog.text)


def test_no_refusal_holds_a_key_or_a_pin(planted: TokenVault, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Refusals, with their fields, causes and whole tracebacks, tell nothing of a key or PIN, nor does a setting."""
    place: TokenPlace = planted.store._place
    planted.close()
    wrong = replace(place, pin_file=tmp_path / "pin")
    wrong.pin_file.touch(mode=0o600)
    wrong.pin_file.write_text(SO_PIN)
    wrapped = WrappedKey(CANARIES[KeyRole.LOAD] + bytes(8), bytes(3))
    refused: list[Callable[[], object]] = [
        lambda: TokenVault.open(wrong),
        lambda: TokenVault.open(place, "production"),
        lambda: TokenVault.create(place, "test", TokenTerms(masters=CANARIES)),
        lambda: TokenVault.create(place, "test", TokenTerms(masters={KeyRole.LOAD: CANARIES[KeyRole.LOAD] + b"x"})),
        lambda: planted.install(KeyRole.LOAD, CANARIES[KeyRole.LOAD] + b"x"),
        lambda: planted.install(KeyRole.PSAM_PURCHASE, CANARIES[KeyRole.LOAD]),
        lambda: planted.store.install_wrapped(KeyRole.LOAD, wrapped, TRANSPORT),
        lambda: planted.load_mac2(replace(LOAD_MAC2, key_version=9)),
        lambda: planted.authentication(KeyRole.LOAD, CARD, CHALLENGE8),
        lambda: planted.authentication(KeyRole.CARD_CONTROL, CARD, CHALLENGE8[:5]),
        lambda: planted.protected_key_command(b"\x01", KeyRole.CARD_CONTROL, KeyRole.TRANSPORT, CARD, CHALLENGE4),
        lambda: planted.decrypt(FieldContext("a", "b", "c"), b"\x01" + bytes(40)),
    ]
    for refuse in refused:
        with pytest.raises(Exception) as refusal:  # noqa: PT011 - any refusal at all must be clean
            refuse()
        fields = refusal.value.fields if isinstance(refusal.value, KeysError) else {}
        _assert_clean("".join(traceback.format_exception(refusal.value)))
        _assert_clean(repr(fields) + repr(refusal.value.args))
    _assert_clean(caplog.text)
    _assert_clean(repr(Settings("sqlite:///x", Path("v"), Path("p"), token=place)))


def test_token_does_not_leave_its_process(planted: TokenVault) -> None:
    """Vault, store and connection cannot be pickled or copied, so they cannot be sent, cached or stored by accident."""
    for value in (planted, planted.store, planted.store._connection):
        for leave in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="not pickled"):
                leave(value)


def test_objects_in_the_token_name_no_secret(planted: TokenVault, softhsm: SoftHsm) -> None:
    """What SoftHSM writes to its folder holds no root in clear: the token encrypts its objects under the PIN."""
    files = [file for file in softhsm.places[planted.store._place.label].rglob("*") if file.is_file()]
    assert files
    assert planted.realm == "test"
    for file in files:
        _assert_clean(file.read_bytes())
