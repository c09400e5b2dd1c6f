"""Planted keys are looked for in everything that leaves the vault."""

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from citizencard.keys.derivation import algorithm_of
from citizencard.keys.errors import KeysError
from citizencard.keys.hsm import FieldContext, KeyRole, TacQuestion
from citizencard.keys.keyring import STORED_ROLES, KeyRing, VaultTerms
from citizencard.keys.secret import SecretKey
from citizencard.keys.vault import SoftwareVault
from citizencard.keys.vault_file import KeyState
from hardware.card import crypto
from tests.citizencard.keys.make_vault import CHEAP, PASSPHRASE
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

CITY = bytes.fromhex("3302FF0000000000")


def _canary(role: KeyRole) -> bytes:
    """A key that is easy to recognise and different for each role."""
    word = f"canary.{list(KeyRole).index(role):02d}."
    return (word * 8).encode()[: algorithm_of(role).key_bytes]


CANARIES = {role: _canary(role) for role in STORED_ROLES}


@pytest.fixture
def planted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> SoftwareVault:
    """A vault whose roots are known to the test; everything is logged."""
    caplog.set_level(logging.DEBUG)
    return SoftwareVault.create(tmp_path / "vault", "test", PASSPHRASE, VaultTerms(masters=CANARIES, cost=CHEAP))


def _secrets() -> Iterator[bytes]:
    """The roots, their halves, the cities' keys and those of one card."""
    for role, root in CANARIES.items():
        yield from (root, root[:8], root[8:])
        if len(root) == 16:
            city = crypto.diversify(root, CITY)
            yield from (city, crypto.diversify(city, SERIAL[2:]), crypto.diversify(root, CARD.chip_serial))
        assert role
    yield PASSPHRASE.encode()


def _assert_clean(text: str | bytes) -> None:
    raw = text if isinstance(text, bytes) else text.encode()
    for secret in _secrets():
        spellings = [
            secret,
            secret.hex().encode(),
            secret.hex().upper().encode(),
            repr(secret).encode(),
            repr(list(secret)).encode(),
        ]
        for spelling in spellings:
            assert spelling not in raw


def test_no_answer_holds_a_key(planted: SoftwareVault, caplog: pytest.LogCaptureFixture) -> None:
    """Every question is asked once; no answer, no log line and nothing printable of the vault contains a key."""
    place = FieldContext("person", "name", "per_1")
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
        planted.protected_command(
            b"\x84\xd4\x01\x00", b"\x3a\xf0\xef\x01\x33\x12\x34", application, CARD, CHALLENGE4
        ).to_bytes(),
        planted.card_identity_mac(bytes(12)),
        planted.encrypt(place, "张伟"),
        planted.blind_index("document", "1"),
        planted.inventory(),
        planted.add_version(KeyRole.TAC),
        planted.set_state("tac-01-v01", KeyState.RETIRED),
        planted,
        planted._ring,
        VaultTerms(masters=CANARIES, cost=CHEAP),
    ]
    for answer in answers:
        _assert_clean(answer if isinstance(answer, bytes) else repr(answer))
    _assert_clean(caplog.text)


def test_no_refusal_holds_a_key(tmp_path: Path, planted: SoftwareVault, caplog: pytest.LogCaptureFixture) -> None:
    """Refusals, with their fields, causes and whole tracebacks, tell nothing of a key or passphrase."""
    path = tmp_path / "vault"

    def tampered() -> object:
        document = json.loads(path.read_text())
        document["keys"].reverse()
        document["keys"][0]["state"] = "retired"
        (tmp_path / "tampered").write_text(json.dumps(document))
        (tmp_path / "tampered").chmod(0o600)
        return SoftwareVault.open(tmp_path / "tampered", PASSPHRASE)

    refused: list[Callable[[], object]] = [
        tampered,
        lambda: SoftwareVault.open(path, PASSPHRASE[:-1] + "!"),
        lambda: SoftwareVault.open(path, PASSPHRASE, "production"),
        lambda: SoftwareVault.create(path, "test", PASSPHRASE, VaultTerms(masters=CANARIES, cost=CHEAP)),
        lambda: SoftwareVault.create(path, "test", PASSPHRASE, VaultTerms(masters={KeyRole.LOAD: CANARIES[KeyRole.LOAD] + b"x"})),
        lambda: planted.load_mac2(replace(LOAD_MAC2, key_version=9)),
        lambda: planted.authentication(KeyRole.LOAD, CARD, CHALLENGE8),
        lambda: planted.authentication(KeyRole.CARD_CONTROL, CARD, CHALLENGE8[:5]),
        lambda: planted.protected_key_command(b"\x01\x01", KeyRole.PSAM_PURCHASE, KeyRole.CARD_CONTROL, CARD, CHALLENGE4),
        lambda: planted.protected_key_command(b"\x01", KeyRole.CARD_CONTROL, KeyRole.TRANSPORT, CARD, CHALLENGE4),
        lambda: planted.decrypt(FieldContext("a", "b", "c"), bytes(40)),
    ]  # fmt: skip
    for refuse in refused:
        with pytest.raises(Exception) as refusal:  # noqa: PT011 - any refusal at all must be clean
            refuse()
        shown = "".join(traceback.format_exception(refusal.value))
        fields = refusal.value.fields if isinstance(refusal.value, KeysError) else {}
        _assert_clean(shown.replace(repr(PASSPHRASE), ""))
        _assert_clean(repr(fields) + repr(refusal.value.args))
    _assert_clean(caplog.text)


def test_vault_does_not_leave_its_process(planted: SoftwareVault) -> None:
    """Vault, key ring and key cannot be pickled or copied, so they cannot be sent, cached or stored by accident."""
    key = planted._ring.root(KeyRole.LOAD, 1)
    assert isinstance(planted._ring, KeyRing)
    assert isinstance(key, SecretKey)
    leaving: tuple[Callable[[object], object], ...] = (pickle.dumps, copy.copy, copy.deepcopy)
    for value in (planted, planted._ring, key, {"vault": planted}, [key]):
        for leave in leaving[:: 2 if isinstance(value, (dict, list)) else 1]:
            with pytest.raises(TypeError, match="not pickled"):
                leave(value)
