"""What custodians do to keys, from the question to the journal."""

import json
import secrets
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from citizencard.audit import Actor, AuditEntry
from citizencard.custody import journal
from citizencard.custody.errors import KeyHeldByChips, TransferRepeated, TwoPeopleNeeded
from citizencard.custody.flow import (
    Step,
    change_state,
    export_key,
    import_key,
    keep_ceremony,
    note_keeper,
    retire_due,
    rotate,
)
from citizencard.custody.models import KeyAct
from citizencard.custody.record import is_genuine, record_hash
from citizencard.db import Sessions, reading
from citizencard.keys.ceremony import Ceremony, new_component
from citizencard.keys.errors import KeyStateRefused, TransferRefused, TransferTampered, UnknownKeyVersion
from citizencard.keys.hierarchy import CHIP_SET
from citizencard.keys.hsm import KeyRole, TacQuestion
from citizencard.keys.pkcs11.vault import TokenVault
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.transport import binding_of, parse_transfer
from citizencard.keys.vault import SoftwareVault
from citizencard.keys.vault_file import KeyState
from tests.citizencard.cards.make_cards import issue_card, make_psam
from tests.citizencard.custody.make_custody import FIRST, FIRST_AGAIN, SECOND, desk
from tests.citizencard.keys.softhsm import SoftHsm

TRANSPORT = SecretKey(KeyAlgorithm.AES_256, secrets.token_bytes(32))


def held_ceremony(role: KeyRole = KeyRole.LOAD) -> tuple[Ceremony, list[SecretKey]]:
    held = Ceremony(role, KeyAlgorithm.TRIPLE_DES, "test", 2)
    components = [new_component(KeyAlgorithm.TRIPLE_DES, secrets.token_bytes) for _ in range(2)]
    for actor, component in zip((FIRST, SECOND), components, strict=True):
        held.contribute(actor.person_id or "", component, component.check_value)
    return held, components


def test_ceremony_is_written_down(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """The key is there and not in use; journal, audit and signed record say who and which check values, and hold no component."""
    held, components = held_ceremony()
    with held:
        written = keep_ceremony(desk(vault, sessions, now), KeyRole.LOAD, held)
        whole = held.key()
    (info,) = written.keys
    assert (info.key_id, info.state, info.check_value) == ("load-01-v02", KeyState.GENERATED, whole.check_value)
    assert is_genuine(written.record, vault.head_signing_key())
    with reading(sessions) as session:
        (entry,) = journal.page(session)
        audited = session.scalars(select(AuditEntry).where(AuditEntry.act == "key.ceremony")).one()
        assert (audited.subject, audited.person_id) == ("load-01-v02", "P-1")
        assert (entry.people, entry.record_hash) == (["P-1", "P-2"], record_hash(written.record))
        said = json.dumps([entry.detail, entry.reason, entry.check_value, repr(entry), repr(audited)]) + repr(written)
        assert journal.differences(session, vault.inventory()) == []
    for secret in (*components, whole):
        assert secret.check_value.hex().upper() in written.record
        for text in (written.record, said):
            assert secret.reveal().hex() not in text.lower()
            assert repr(secret.reveal()) not in text


def test_key_travels_once(sessions: Sessions, vault: SoftwareVault, softhsm: SoftHsm, now: datetime) -> None:
    """From one house's vault into another's token: only whole, only of this city, realm and role, and only once."""
    token = TokenVault.create(softhsm.token(f"travel{secrets.token_hex(3)}"), "test")
    transfer, exported = export_key(desk(vault, sessions, now), "load-01-v01", TRANSPORT)
    assert is_genuine(exported.record, vault.head_signing_key())
    assert parse_transfer(transfer.to_json().encode()) == transfer
    there = desk(token, sessions, now)
    with pytest.raises(TransferTampered):
        import_key(there, replace(transfer, city="3301"), TRANSPORT, KeyRole.LOAD)
    for changes in ({"city": "3301"}, {"realm": "production"}, {"role": KeyRole.TAC}):
        foreign = replace(transfer, **changes)
        with pytest.raises(TransferRefused):
            import_key(there, replace(foreign, binding=binding_of(TRANSPORT, foreign)), TRANSPORT, KeyRole.LOAD)
    with pytest.raises(TransferRefused):
        import_key(there, transfer, TRANSPORT, KeyRole.UNLOAD)
    with pytest.raises(TransferRefused):
        import_key(desk(vault, sessions, now), transfer, TRANSPORT, KeyRole.LOAD)
    before = token.inventory()
    written = import_key(there, transfer, TRANSPORT, KeyRole.LOAD)
    assert (written.keys[0].key_id, written.keys[0].state) == ("load-01-v02", KeyState.GENERATED)
    assert written.keys[0].check_value == transfer.key.check_value
    assert set(before) < set(token.inventory())
    with pytest.raises(TransferRepeated):
        import_key(there, transfer, TRANSPORT, KeyRole.LOAD)
    assert len(token.inventory()) == len(before) + 1


@pytest.mark.parametrize("people", [(FIRST,), (FIRST, FIRST_AGAIN), (FIRST, Actor("system", "cli"))])
def test_one_person_alone_changes_nothing(
    sessions: Sessions, vault: SoftwareVault, now: datetime, people: tuple[Actor, ...]
) -> None:
    """Two logins of one human are one person, and the system is none."""
    alone = desk(vault, sessions, now, *people)
    before = vault.inventory()
    transfer, _ = export_key(desk(vault, sessions, now), "load-01-v01", TRANSPORT)
    for act in (
        lambda: rotate(alone, KeyRole.LOAD),
        lambda: change_state(alone, "load-01-v01", Step(KeyState.RETIRED)),
        lambda: export_key(alone, "load-01-v01", TRANSPORT),
        lambda: import_key(alone, transfer, TRANSPORT, KeyRole.LOAD),
    ):
        with pytest.raises(TwoPeopleNeeded):
            act()
    assert vault.inventory() == before


def test_retiring_key_verifies_to_its_last_day(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """After rotation old taps are still judged, to a day that two people set; then the key answers nothing."""
    at_desk = desk(vault, sessions, now)
    last_day = date(2027, 3, 31)
    rotate(at_desk, KeyRole.TAC)
    change_state(at_desk, "tac-01-v01", Step(KeyState.RETIRING, "rotated", verify_until=last_day))
    question = TacQuestion(bytes(10), 1, 0, bytes(22), bytes(4))
    assert vault.tacs_are_valid([question]) == [False]
    nightly = replace(at_desk, people=(Actor("system", "cli:keys-due"),))
    assert retire_due(nightly, last_day) == ()
    (retired,) = retire_due(nightly, last_day + timedelta(days=1))
    assert (retired.key_id, retired.state) == ("tac-01-v01", KeyState.RETIRED)
    assert retire_due(nightly, last_day + timedelta(days=2)) == ()
    with reading(sessions) as session:
        assert journal.differences(session, vault.inventory()) == []


def test_rotation_takes_the_set_along(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """What a ceremony brought is used, the rest is drawn, all under one number; prepared first, only PSAMs get the new root."""
    at_desk = desk(vault, sessions, now)
    held, _ = held_ceremony()
    with held:
        keep_ceremony(at_desk, KeyRole.LOAD, held)
    prepared = rotate(at_desk, KeyRole.LOAD, prepare=True)
    assert {info.role for info in prepared.keys} == CHIP_SET
    assert {info.version for info in prepared.keys} == {2}
    assert {info.role for info in prepared.keys if info.state is KeyState.ACTIVE} == {KeyRole.PURCHASE}
    assert vault.chip_key_versions() == (2, 1)
    done = rotate(at_desk, KeyRole.TAC)
    assert {(info.version, info.state) for info in done.keys} == {(2, KeyState.ACTIVE)}
    assert vault.chip_key_versions() == (1, 2)
    assert (
        next(i for i in done.keys if i.role is KeyRole.LOAD).check_value
        == next(i for i in prepared.keys if i.role is KeyRole.LOAD).check_value
    )
    other = rotate(at_desk, KeyRole.BLIND_INDEX)
    assert [info.key_id for info in other.keys] == ["blind_index-01-v02"]
    with reading(sessions) as session:
        assert journal.differences(session, vault.inventory()) == []
    held, _ = held_ceremony()
    with held:
        keep_ceremony(at_desk, KeyRole.LOAD, held)
    change_state(at_desk, "load-01-v03", Step(KeyState.RETIRED))
    assert {info.version for info in rotate(at_desk, KeyRole.LOAD).keys} == {4}
    assert vault.chip_key_versions()[-1] == 4


def test_new_cards_get_the_new_version_and_old_ones_stay(
    sessions: Sessions, vault: SoftwareVault, now: datetime
) -> None:
    """Rotation for real: a card of before, a card of after and a PSAM of after, each proved by use; the old key is not destroyed."""
    at_desk = desk(vault, sessions, now)
    old, _ = issue_card(sessions, vault, now)
    rotate(at_desk, KeyRole.LOAD)
    new, _ = issue_card(sessions, vault, now)
    assert (old.key_version, new.key_version) == (1, 2)
    order, chip = make_psam(sessions, vault, now, bytes.fromhex("330200000077"))
    roots = [
        key.version
        for file in chip.image.master_file.directories.values()
        for key in file.keys.values()
        if key.kind == 0x3E
    ]
    assert sorted(roots) == [1, 2]
    change_state(at_desk, "load-01-v01", Step(KeyState.RETIRED))
    for refused in (
        Step(KeyState.DESTROYED),
        Step(KeyState.DESTROYED, "short", force=True),
        Step(KeyState.DESTROYED, "x" * 20),
    ):
        with pytest.raises(KeyHeldByChips) as refusal:
            change_state(at_desk, "load-01-v01", refused)
        assert refusal.value.fields["chips"] == 1
    written = change_state(
        at_desk, "load-01-v01", Step(KeyState.DESTROYED, "the root leaked in another city", force=True)
    )
    assert written.keys[0].state is KeyState.DESTROYED
    assert "chips that held it" in written.record
    assert order.id


def test_what_cannot_be_changed(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """An active key is not destroyed, an unknown one not found, and the keeper's own key is written down without a number."""
    at_desk = desk(vault, sessions, now)
    with pytest.raises(KeyStateRefused):
        change_state(at_desk, "load-01-v01", Step(KeyState.DESTROYED))
    with pytest.raises(UnknownKeyVersion):
        change_state(at_desk, "load-01-v09", Step(KeyState.RETIRED))
    written = note_keeper(at_desk, KeyAct.SHARES, (("needed", "2 of 3"),))
    assert is_genuine(written.record, vault.head_signing_key())
    with reading(sessions) as session:
        assert [entry.key_id for entry in journal.page(session)] == [journal.KEEPER]
