"""What custodians do to keys, from the question to the journal: the keeper is asked while no transaction is open, then it is written down.

If a process dies between the two, the keeper has changed and the journal does not say so: `journal.differences` names it.
"""

import secrets
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from citizencard.audit import Actor
from citizencard.custody import journal
from citizencard.custody.errors import KeyHeldByChips
from citizencard.custody.holdings import chips_holding
from citizencard.custody.journal import Done, check_two
from citizencard.custody.models import KeyAct
from citizencard.custody.record import Record, record_hash, signed
from citizencard.db import Sessions, reading, transaction
from citizencard.keys import ceremony
from citizencard.keys.errors import KeyStateRefused, TransferRefused, UnknownKeyVersion
from citizencard.keys.hierarchy import CHIP_SET
from citizencard.keys.hsm import KeyRole
from citizencard.keys.keystore import KeyStore
from citizencard.keys.secret import SecretKey
from citizencard.keys.transport import ID_HEX_DIGITS, KeyTransfer, WrappedKey, binding_of, check_binding
from citizencard.keys.vault_file import KeyInfo, KeyState

ACT_OF: Final = {
    KeyState.ACTIVE: KeyAct.ACTIVATE,
    KeyState.RETIRING: KeyAct.RETIRING,
    KeyState.RETIRED: KeyAct.RETIRE,
    KeyState.DESTROYED: KeyAct.DESTROY,
}
MIN_FORCED_REASON: Final = 10


@dataclass(frozen=True, slots=True)
class Desk:
    """Where custodians work: the keeper, the database, who is there, and when.

    Args:
        keys: the keeper.
        sessions: the database.
        people: who has signed in, the one who acts first.
        now: the instant.
    """

    keys: KeyStore
    sessions: Sessions
    people: tuple[Actor, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """What was done, and its printed record."""

    keys: tuple[KeyInfo, ...]
    record: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """A key's way into another state.

    Args:
        state: the state.
        reason: why; needed if chips still hold the key.
        verify_until: of a retiring key, the last day that it verifies.
        force: destroy it although chips hold it.
    """

    state: KeyState
    reason: str = ""
    verify_until: date | None = None
    force: bool = False


def keep_ceremony(desk: Desk, role: KeyRole, held: ceremony.Ceremony) -> Written:
    """Give a key that was put together to the keeper, not in use yet, and write it down.

    Raises:
        CeremonyOver, KeyWeak, KnownTestKeyRefused, KeyStateRefused: the key is not let in; nothing was changed.
    """
    info = desk.keys.install(role, held.key().reveal(), state=KeyState.GENERATED)
    components = [value.hex().upper() for value in held.check_values]
    lines = [(f"component {number}, check value", value) for number, value in enumerate(components, start=1)]
    people = tuple((person, f"custodian {number}") for number, person in enumerate(held.people, start=1))
    text = _record(desk, "key ceremony", (info,), tuple(lines), people)
    return _write(desk, Done(KeyAct.CEREMONY, info, desk.people, detail={"components": components}), text)


def export_key(desk: Desk, key_id: str, transport: SecretKey) -> tuple[KeyTransfer, Written]:
    """A key under a transport key, for another house.

    Raises:
        UnknownKeyVersion, KeyNotExportable: see `KeyStore.export_wrapped`.
        TwoPeopleNeeded: fewer than two.
    """
    check_two(desk.people)
    info = key_by_id(desk.keys, key_id)
    wrapped = desk.keys.export_wrapped(key_id, transport)
    transfer = KeyTransfer(
        id=secrets.token_hex(ID_HEX_DIGITS // 2),
        realm=desk.keys.realm,
        city=desk.keys.city,
        role=info.role,
        index=info.index,
        version=info.version,
        algorithm=info.algorithm,
        made_at=desk.now,
        transport_check_value=transport.check_value,
        key=WrappedKey(wrapped, info.check_value),
    )
    transfer = replace(transfer, binding=binding_of(transport, transfer))
    lines = _transfer_lines(transfer)
    text = _record(desk, "export of a key", (info,), lines)
    return transfer, _write(desk, Done(KeyAct.EXPORT, info, desk.people, detail=dict(lines)), text)


def import_key(desk: Desk, transfer: KeyTransfer, transport: SecretKey, expected: KeyRole) -> Written:
    """Take a key over that came under a transport key; it is not in use yet.

    Raises:
        TransferTampered, CheckValueWrong: the transport key is wrong, or the file was changed.
        TransferRefused: another realm, city or role, or the keeper has this key already.
        TransferRepeated: the file came before.
        KnownTestKeyRefused, KeyStateRefused: see `KeyStore.install`.
        TwoPeopleNeeded: fewer than two.
    """
    check_two(desk.people)
    check_binding(transport, transfer)
    if (transfer.realm, transfer.city, transfer.role) != (desk.keys.realm, desk.keys.city, expected):
        said = f"{transfer.role} of city {transfer.city}, realm {transfer.realm}"
        raise TransferRefused(f"the file holds a key of role {said}; wanted was {expected}")
    with reading(desk.sessions) as session:
        journal.check_new_transfer(session, transfer.id)
    there = {info.check_value for info in desk.keys.inventory() if info.role is transfer.role}
    if transfer.key.check_value in there:
        raise TransferRefused("the keeper holds a key of this role with the same check value")
    info = desk.keys.install_wrapped(transfer.role, transfer.key, transport, state=KeyState.GENERATED)
    lines = _transfer_lines(transfer)
    text = _record(desk, "import of a key", (info,), lines)
    done = Done(KeyAct.IMPORT, info, desk.people, detail=dict(lines), transfer_id=transfer.id)
    return _write(desk, done, text)


def rotate(desk: Desk, role: KeyRole, *, prepare: bool = False) -> Written:
    """Bring a new version of a role into use beside the old one, which stays as it is.

    Chips name one version for all their keys, so a role of theirs takes the whole set along: versions that a ceremony or import has
    brought are used, the others are drawn, and all of them get the same number.

    Args:
        desk: two custodians.
        role: the role.
        prepare: make the keys and leave them out of use, all but the purchase root: new PSAMs get it, beside the old one, before there are
            cards that need it. The same rotation without `prepare` brings the rest into use.

    Raises:
        TwoPeopleNeeded: fewer than two.
        KeyStateRefused: there is no further version.
    """
    check_two(desk.people)
    roles = sorted(CHIP_SET & _held(desk.keys)) if role in CHIP_SET else [role]
    made = _same_version(desk, roles)
    # With the purchase root in use, PSAMs that are made from now on serve the cards to come as well.
    taken = {KeyRole.PURCHASE} if prepare else set(roles)
    made = [
        desk.keys.set_state(info.key_id, KeyState.ACTIVE)
        if info.role in taken and info.state is KeyState.GENERATED
        else info
        for info in made
    ]
    text = _record(desk, "rotation of keys", tuple(made), (("asked for", str(role)),))
    for info in made:
        act = KeyAct.ACTIVATE if info.state is KeyState.ACTIVE else KeyAct.GENERATE
        _write(desk, Done(act, info, desk.people, detail={"rotation": str(role)}), text)
    return Written(tuple(made), text)


def change_state(desk: Desk, key_id: str, step: Step) -> Written:
    """Bring a key into another state of its life.

    Raises:
        TwoPeopleNeeded: fewer than two.
        UnknownKeyVersion, KeyStateRefused: see `KeyStore.set_state`.
        KeyHeldByChips: chips in use hold it, and it is not forced with a reason.
    """
    check_two(desk.people)
    info = key_by_id(desk.keys, key_id)
    if step.state is KeyState.DESTROYED:
        with reading(desk.sessions) as session:
            chips = chips_holding(session, info.role, info.version)
        if chips and not (step.force and len(step.reason.strip()) >= MIN_FORCED_REASON):
            raise KeyHeldByChips(f"{chips} chips in use hold {key_id}", key_id=key_id, chips=chips)
    else:
        chips = 0
    changed = desk.keys.set_state(key_id, step.state)
    lines = [("from", str(info.state)), ("to", str(changed.state)), ("reason", step.reason)]
    if step.verify_until is not None:
        lines.append(("verifies until", step.verify_until.isoformat()))
    if chips:
        lines.append(("chips that held it", str(chips)))
    text = _record(desk, "change of a key", (changed,), tuple(lines))
    detail = {"from": str(info.state), "chips": chips}
    done = Done(ACT_OF[step.state], changed, desk.people, step.reason, detail, verify_until=step.verify_until)
    return _write(desk, done, text)


def retire_due(desk: Desk, today: date) -> tuple[KeyInfo, ...]:
    """Take the retiring keys out of use whose last day is over; two people agreed on the day when they set it.

    Returns:
        The keys that verify nothing any more.
    """
    with reading(desk.sessions) as session:
        until = {key_id: one.verify_until for key_id, one in journal.latest(session, KeyAct.RETIRING).items()}
    retired = []
    for info in desk.keys.inventory():
        last_day = until.get(info.key_id)
        if info.state is not KeyState.RETIRING or last_day is None or today <= last_day:
            continue
        changed = desk.keys.set_state(info.key_id, KeyState.RETIRED)
        done = Done(KeyAct.RETIRE, changed, desk.people, "its last day is over", {"from": str(info.state)})
        with transaction(desk.sessions) as session:
            journal.write(session, done, desk.keys.realm, desk.now)
        retired.append(changed)
    return tuple(retired)


def note_keeper(desk: Desk, act: KeyAct, lines: tuple[tuple[str, str], ...]) -> Written:
    """Write down what was done to the key of the vault file itself: split into shares, or recovered from them."""
    text = _record(desk, f"backup {act}", (), lines)
    return _write(desk, Done(act, None, desk.people, detail=dict(lines)), text)


def key_by_id(keys: KeyStore, key_id: str) -> KeyInfo:
    """A key of the inventory.

    Raises:
        UnknownKeyVersion: no such key.
    """
    info = next((info for info in keys.inventory() if info.key_id == key_id), None)
    if info is None:
        raise UnknownKeyVersion(f"there is no key {key_id}")
    return info


def _held(keys: KeyStore) -> frozenset[KeyRole]:
    """Roles of which the city has a key; one whose keys are all destroyed is kept elsewhere."""
    return frozenset(info.role for info in keys.inventory() if info.state is not KeyState.DESTROYED)


def _of_role(keys: KeyStore, role: KeyRole) -> list[KeyInfo]:
    return [info for info in keys.inventory() if info.role is role and info.index == 1]


def _same_version(desk: Desk, roles: list[KeyRole]) -> list[KeyInfo]:
    """A key of each role, all of one version: the one that waits for its use, or a new one. What is missing is drawn.

    Raises:
        KeyStateRefused: a key of that version is out of use already.
    """
    known = [info for role in roles for info in _of_role(desk.keys, role)]
    waiting = [info.version for info in known if info.state is KeyState.GENERATED]
    wanted = max(waiting or [max(info.version for info in known) + 1])
    made = [_up_to(desk, role, wanted) for role in roles]
    for info in made:
        if info.state not in {KeyState.GENERATED, KeyState.ACTIVE}:
            raise KeyStateRefused(f"the key {info.key_id} is {info.state}: the version is spent", key_id=info.key_id)
    return made


def _up_to(desk: Desk, role: KeyRole, version: int) -> KeyInfo:
    """The key of a role with this version; numbers in between are drawn and never used."""
    known = {info.version: info for info in _of_role(desk.keys, role)}
    while version not in known:
        info = desk.keys.add_version(role, state=KeyState.GENERATED)
        known[info.version] = info
        if info.version < version:
            desk.keys.set_state(info.key_id, KeyState.RETIRED)
    return known[version]


def _transfer_lines(transfer: KeyTransfer) -> tuple[tuple[str, str], ...]:
    return (
        ("file", transfer.id),
        ("transport key, check value", transfer.transport_check_value.hex().upper()),
        ("named there", f"{transfer.role}-{transfer.index:02d}-v{transfer.version:02d}"),
    )


def _record(
    desk: Desk,
    title: str,
    keys: tuple[KeyInfo, ...],
    lines: tuple[tuple[str, str], ...],
    people: tuple[tuple[str, str], ...] | None = None,
) -> str:
    named = tuple(
        (f"key {info.key_id}", f"{info.algorithm}, {info.state}, check value {info.check_value.hex().upper()}")
        for info in keys
    )
    present = tuple((actor.person_id or actor.id, f"person {n}") for n, actor in enumerate(desk.people, start=1))
    return signed(
        Record(title, desk.now, desk.keys.realm, desk.keys.city, (*named, *lines), people or present), desk.keys
    )


def _write(desk: Desk, done: Done, text: str) -> Written:
    with transaction(desk.sessions) as session:
        journal.write(session, replace(done, record_hash=record_hash(text)), desk.keys.realm, desk.now)
    return Written((done.key,) if done.key else (), text)
