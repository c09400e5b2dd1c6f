"""Register security modules and terminals, and bind them to merchants: nothing here can change the payee of a tap that has happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from citizencard.approvals.models import EXECUTED, Approval
from citizencard.cards.numbering import CITY, next_number
from citizencard.db import new_id
from citizencard.merchants.models import MerchantOutlet
from citizencard.merchants.registry import line_by_number, merchant_by_id
from citizencard.terminals.errors import (
    BindingBackdated,
    BindingLineForeign,
    BindingNotApproved,
    BindingOverlaps,
    NotBound,
    PsamSerialTaken,
    TerminalNumberInvalid,
    TerminalNumberTaken,
    UnknownPsam,
    UnknownTerminal,
)
from citizencard.terminals.models import (
    PSAM_SERIAL_BYTES,
    TERMINAL_NUMBER_BYTES,
    Psam,
    Terminal,
    TerminalBinding,
    TerminalKey,
    TerminalKind,
    TerminalState,
)

BIND: Final = "terminal.bind"
UNBIND: Final = "terminal.unbind"
TERMINAL_NUMBERS: Final = "terminal"
TERMINAL_NUMBER_DIGITS: Final = 8
MAX_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class NewBinding:
    """What two people agreed on: this module in this terminal earns for this merchant from then on.

    Args:
        terminal_id: the device.
        psam_serial: the module in it, 10 bytes.
        merchant_id: who is paid.
        line: the line that a bus validator runs on; None elsewhere.
        valid_from: from this second on, or from the second in which it is carried out if that is later: the second pair of eyes takes
            its time, and nothing is ever bound for the past. None: from the second in which it is carried out.
    """

    terminal_id: str
    psam_serial: bytes
    merchant_id: str
    line: int | None
    valid_from: datetime | None = None

    def payload(self) -> dict[str, str | int | None]:
        """What the approval of act `terminal.bind` must hold, exactly."""
        return {
            "terminal_id": self.terminal_id,
            "psam_serial": self.psam_serial.hex().upper(),
            "merchant_id": self.merchant_id,
            "line": self.line,
            "valid_from": None if self.valid_from is None else _second(self.valid_from).isoformat(),
        }


def register_psam(session: Session, serial: bytes, terminal_number: bytes, *, now: datetime) -> Psam:
    """Take a security module into the registry, with the terminal number that is written in it.

    Args:
        session: joined, never committed.
        serial: 10 bytes.
        terminal_number: 6 BCD bytes: city and 8 digits.
        now: of the registration.

    Raises, in this order:
        TerminalNumberInvalid: a wrong length, or digits that are not decimal.
        PsamSerialTaken: the module is registered.
        TerminalNumberTaken: the number was issued to another module, in use or not.
    """
    if len(serial) != PSAM_SERIAL_BYTES or len(terminal_number) != TERMINAL_NUMBER_BYTES:
        reason = f"serial must have {PSAM_SERIAL_BYTES} bytes and number {TERMINAL_NUMBER_BYTES}"
        raise TerminalNumberInvalid(reason, reason=reason)
    if not terminal_number.hex().isdecimal():
        raise TerminalNumberInvalid("the number must be decimal digits", reason="the number must be decimal digits")
    taken = session.scalars(
        select(Psam).where(or_(Psam.serial == serial, Psam.terminal_number == terminal_number))
    ).all()
    if any(psam.serial == serial for psam in taken):
        raise PsamSerialTaken("the module is registered already", psam_serial=serial.hex().upper())
    if taken:
        number = terminal_number.hex().upper()
        raise TerminalNumberTaken(f"terminal number {number} was issued to another module", terminal_number=number)
    psam = Psam(serial=serial, terminal_number=terminal_number, registered_at=now)
    session.add(psam)
    session.flush()
    return psam


def next_terminal_number(session: Session) -> bytes:
    """A terminal number that was never given out: city and 8 digits, 6 BCD bytes.

    Raises:
        CardNumbersExhausted: all are given out.
    """
    return bytes.fromhex(CITY + next_number(session, TERMINAL_NUMBERS, TERMINAL_NUMBER_DIGITS))


def register_terminal(session: Session, name: str, kind: str, *, now: datetime) -> Terminal:
    """Take a device into the registry; it is active, but has neither a key nor a merchant.

    Raises:
        ValueError: no `TerminalKind` is called so.
    """
    terminal = Terminal(
        id=new_id("term"),
        name=name.strip()[:120],
        kind=TerminalKind(kind),
        state=TerminalState.ACTIVE,
        last_batch=0,
        software="",
        signed_in_at=None,
        registered_at=now,
    )
    session.add(terminal)
    session.flush()
    return terminal


def terminal_by_id(session: Session, terminal_id: str) -> Terminal:
    """Look a terminal up.

    Raises:
        UnknownTerminal: there is none with this id.
    """
    terminal = session.get(Terminal, terminal_id)
    if terminal is None:
        raise UnknownTerminal(f"no terminal {terminal_id}", terminal=terminal_id)
    return terminal


def set_terminal_state(session: Session, terminal_id: str, state: TerminalState) -> Terminal:
    """Let a terminal speak, or no longer. Its signed records are facts all the same.

    Raises:
        UnknownTerminal: there is none with this id.
    """
    terminal = terminal_by_id(session, terminal_id)
    terminal.state = state
    session.flush()
    return terminal


def bind_terminal(session: Session, binding: NewBinding, approval_id: str, *, now: datetime) -> TerminalBinding:
    """Bind a module and a terminal to a merchant from a second on; what was bound before ends there.

    Args:
        session: joined, never committed.
        binding: what was agreed on.
        approval_id: an executed approval of act `terminal.bind` with exactly this payload, not used before.
        now: the binding begins in this second at the earliest; the row says when.

    Raises, in this order:
        BindingNotApproved: no such executed approval, another payload, or used already.
        UnknownTerminal, UnknownPsam, UnknownMerchant, UnknownLine: one of the parts is not registered.
        BindingLineForeign: the line is another merchant's.
        BindingOverlaps: one of the two is bound from a later time on.
    """
    _check_approved(session, approval_id, BIND, binding.payload())
    valid_from = _second(now if binding.valid_from is None else max(binding.valid_from, now))
    psam = _lock(session, binding.terminal_id, binding.psam_serial)
    merchant_by_id(session, binding.merchant_id)
    if binding.line is not None and line_by_number(session, binding.line).merchant_id != binding.merchant_id:
        raise BindingLineForeign(
            f"line {binding.line} is another merchant's", line=binding.line, merchant_id=binding.merchant_id
        )
    _end_former(session, binding, valid_from)
    _leave_foreign_outlet(session, binding)
    row = TerminalBinding(
        terminal_id=binding.terminal_id,
        psam_serial=psam.serial,
        terminal_number=psam.terminal_number,
        merchant_id=binding.merchant_id,
        line=binding.line,
        valid_from=valid_from,
        approval_id=approval_id,
        recorded_at=now,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise _overlaps(binding) from error
    return row


def unbind_payload(terminal_id: str) -> dict[str, str]:
    """What the approval of act `terminal.unbind` must hold, exactly."""
    return {"terminal_id": terminal_id}


def unbind_terminal(session: Session, terminal_id: str, approval_id: str, *, now: datetime) -> TerminalBinding:
    """End the terminal's open binding from this second on.

    Raises, in this order:
        BindingNotApproved: no executed approval of act `terminal.unbind` with this payload.
        UnknownTerminal: there is none with this id.
        NotBound: there is nothing to end.
        BindingBackdated: the binding has yet to begin.
    """
    _check_approved(session, approval_id, UNBIND, unbind_payload(terminal_id))
    terminal_by_id(session, terminal_id)
    found = session.scalars(
        select(TerminalBinding)
        .where(TerminalBinding.terminal_id == terminal_id, TerminalBinding.valid_to.is_(None))
        .with_for_update(key_share=True)
    ).one_or_none()
    if found is None:
        raise NotBound(f"terminal {terminal_id} is not bound", terminal=terminal_id)
    if found.valid_from > _second(now):
        raise BindingBackdated("the binding has yet to begin", valid_from=found.valid_from.isoformat())
    found.valid_to = _second(now)
    found.end_approval_id = approval_id
    session.flush()
    return found


def list_terminals(session: Session, *, after: str = "", limit: int = MAX_PAGE) -> Sequence[Terminal]:
    """A page of terminals by id; continue with the last id as `after`. At most 200 a page."""
    return session.scalars(
        select(Terminal).where(Terminal.id > after).order_by(Terminal.id).limit(min(limit, MAX_PAGE))
    ).all()


def _lock(session: Session, terminal_id: str, psam_serial: bytes) -> Psam:
    """Look both up and lock the terminal; of two bindings of one module the unique index lets only one in."""
    terminal = session.scalars(
        select(Terminal).where(Terminal.id == terminal_id).with_for_update(key_share=True)
    ).one_or_none()
    if terminal is None:
        raise UnknownTerminal(f"no terminal {terminal_id}", terminal=terminal_id)
    psam = session.get(Psam, psam_serial)
    if psam is None:
        raise UnknownPsam("no such security module", psam_serial=psam_serial.hex().upper())
    return psam


def _end_former(session: Session, binding: NewBinding, valid_from: datetime) -> None:
    """End what is open for the terminal or the module; refuse when anything reaches beyond the new beginning."""
    concerned = or_(
        TerminalBinding.terminal_id == binding.terminal_id, TerminalBinding.psam_serial == binding.psam_serial
    )
    open_now = TerminalBinding.valid_to.is_(None)
    later = session.scalars(
        select(TerminalBinding.id)
        .where(
            concerned,
            or_(TerminalBinding.valid_to > valid_from, (open_now & (TerminalBinding.valid_from > valid_from))),
        )
        .limit(1)
    ).first()
    if later is not None:
        raise _overlaps(binding)
    session.execute(update(TerminalBinding).where(concerned, open_now).values(valid_to=valid_from))


def _leave_foreign_outlet(session: Session, binding: NewBinding) -> None:
    """A device that earns for another merchant does not stand at the former one's outlet any more."""
    theirs = select(MerchantOutlet.id).where(MerchantOutlet.merchant_id == binding.merchant_id)
    session.execute(
        update(Terminal)
        .where(Terminal.id == binding.terminal_id, Terminal.outlet_id.not_in(theirs))
        .values(outlet_id=None)
    )


def _overlaps(binding: NewBinding) -> BindingOverlaps:
    return BindingOverlaps(
        "the terminal or the module is bound otherwise in that time",
        terminal=binding.terminal_id,
        psam_serial=binding.psam_serial.hex().upper(),
    )


def _check_approved(session: Session, approval_id: str, act: str, payload: Mapping[str, object]) -> None:
    approval = session.get(Approval, approval_id)
    if approval is None or approval.state != EXECUTED or approval.act != act or approval.payload != payload:
        raise BindingNotApproved("no executed approval says exactly this", approval_id=approval_id)
    used = session.scalars(
        select(TerminalBinding.id)
        .where(or_(TerminalBinding.approval_id == approval_id, TerminalBinding.end_approval_id == approval_id))
        .limit(1)
    ).first()
    if used is not None:
        raise BindingNotApproved("the approval has taken effect already", approval_id=approval_id)


def _second(instant: datetime) -> datetime:
    """The running second: a record's time has no fractions, so a tap right after a binding must not seem to lie before it."""
    return instant.astimezone(UTC).replace(microsecond=0)


def bindings_of(session: Session, terminal_id: str, limit: int = MAX_PAGE) -> Sequence[TerminalBinding]:
    """Whom a terminal has earned for, newest first, at most 200."""
    chosen = select(TerminalBinding).where(TerminalBinding.terminal_id == terminal_id)
    newest = chosen.order_by(TerminalBinding.valid_from.desc(), TerminalBinding.id.desc())
    return session.scalars(newest.limit(min(limit, MAX_PAGE))).all()


def key_history(session: Session, terminal_id: str, limit: int = MAX_PAGE) -> Sequence[TerminalKey]:
    """A device's public keys, newest first, at most 200."""
    chosen = select(TerminalKey).where(TerminalKey.terminal_id == terminal_id)
    return session.scalars(chosen.order_by(TerminalKey.id.desc()).limit(min(limit, MAX_PAGE))).all()
