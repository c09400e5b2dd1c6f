"""Where a merchant's money goes: proposed by one, agreed to by another, in force three days later, and the old contact is told at once.

Until then one person can take it back, since the one who calls because of the notice must be heard at once. Afterwards only another
account, by the same way, replaces it. Holder and number are encrypted under the row's id; the approval holds the digest of the
ciphertexts, so that what was agreed to cannot be exchanged.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import Proposal, execute, find_approval, propose
from citizencard.approvals.models import APPROVED, DECLINED, PROPOSED, Approval
from citizencard.audit import Actor, record
from citizencard.db import new_id
from citizencard.keys.hsm import FieldContext, Hsm
from citizencard.merchants.contacts import contacts_to_tell, lock_merchant
from citizencard.merchants.errors import (
    BankAccountFinal,
    BankAccountInvalid,
    MerchantContactMissing,
    UnknownBankAccount,
)
from citizencard.merchants.models import MAX_NAME_CHARACTERS, MerchantBankAccount, NoticeKind
from citizencard.merchants.notices import Notice, make_notices
from citizencard.merchants.registry import MAX_PAGE, merchant_by_id

BANK_ACCOUNT: Final = "merchant.bank_account"
TABLE: Final = "merchant_bank_account"
DELAY: Final = timedelta(days=3)
"""From the second person's word until money goes there: time for the old contact to speak up."""
NUMBER: Final = re.compile(r"[0-9]{8,32}")
SUPERSEDED: Final = "another account was agreed to"
SHOWN_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class NewBankAccount:
    """A bank account as written down.

    Args:
        merchant_id: whose money shall go there.
        holder: in whose name it is, 1 to 120 characters.
        bank: bank and branch, 1 to 120 characters.
        number: 8 to 32 digits; spaces and hyphens do not count.
    """

    merchant_id: str
    bank: str
    holder: str = field(repr=False)
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealedBankAccount:
    """A bank account, checked and encrypted under the id that it will have."""

    bank_account_id: str
    merchant_id: str
    bank: str
    last4: str
    holder: bytes = field(repr=False)
    number: bytes = field(repr=False)

    def payload(self) -> dict[str, str]:
        """What the approval of act `merchant.bank_account` must hold, exactly."""
        digest = hashlib.sha256(b"\0".join((self.bank.encode(), self.holder, self.number))).hexdigest()
        return {
            "bank_account_id": self.bank_account_id,
            "merchant_id": self.merchant_id,
            "bank": self.bank,
            "last4": self.last4,
            "sealed_sha256": digest,
        }


@dataclass(frozen=True, slots=True)
class ClearBankAccount:
    """A bank account in clear. Shown to somebody only through `flow.reveal_bank_account`."""

    bank_account_id: str
    bank: str
    holder: str = field(repr=False)
    number: str = field(repr=False)


def seal_bank_account(hsm: Hsm, new: NewBankAccount) -> SealedBankAccount:
    """Check and encrypt a bank account. Asks the keys' keeper: call it with no transaction open.

    Raises:
        BankAccountInvalid: names every fault, and repeats nothing.
    """
    holder, bank, number = new.holder.strip(), new.bank.strip(), re.sub(r"[\s-]", "", new.number)
    faults = [
        f"{name} must have 1 to {MAX_NAME_CHARACTERS} characters"
        for name, value in (("holder", holder), ("bank", bank))
        if not 1 <= len(value) <= MAX_NAME_CHARACTERS or not value.isprintable()
    ]
    if not NUMBER.fullmatch(number):
        faults.append("number must have 8 to 32 digits")
    if faults:
        raise BankAccountInvalid("; ".join(faults), faults=faults)
    account_id = new_id("mba")
    return SealedBankAccount(
        account_id,
        new.merchant_id,
        bank,
        number[-SHOWN_DIGITS:],
        hsm.encrypt(FieldContext(TABLE, "holder", account_id), holder),
        hsm.encrypt(FieldContext(TABLE, "number", account_id), number),
    )


def propose_bank_account(
    session: Session, sealed: SealedBankAccount, reason: str, actor: Actor, now: datetime
) -> MerchantBankAccount:
    """Put a bank account before a second person. What is in force, or agreed to, stays so until that person has agreed.

    Raises, in this order:
        UnknownMerchant: nobody has this id.
        MerchantContactMissing: there is no contact who could be told.
        FourEyesNeeded, ReasonUnfit: see `approvals.propose`.
    """
    merchant_by_id(session, sealed.merchant_id)
    if not contacts_to_tell(session, sealed.merchant_id, now):
        raise MerchantContactMissing("write down a contact first", merchant_id=sealed.merchant_id)
    approval = propose(session, Proposal(BANK_ACCOUNT, sealed.merchant_id, sealed.payload(), reason), actor, now)
    account = MerchantBankAccount(
        id=sealed.bank_account_id,
        merchant_id=sealed.merchant_id,
        holder=sealed.holder,
        bank=sealed.bank,
        number=sealed.number,
        last4=sealed.last4,
        approval_id=approval.id,
        proposed_at=now,
    )
    session.add(account)
    session.flush()
    record(session, actor, "merchant_bank_account.propose", account.id, after=sealed.payload(), now=now)
    return account


def bank_account_as_approved(session: Session, approval: Approval, actor: Actor, now: datetime) -> MerchantBankAccount:
    """Let an approved account take effect in three days, in the transaction of the approval. What was to take effect before it does not.

    Raises:
        UnknownBankAccount, BankAccountFinal: it is not there, or was taken back meanwhile.
        ApprovalNotGiven, ApprovalAlreadyExecuted, ApprovalExpired, ApprovalPayloadDiffers: see `approvals.execute`.
    """
    lock_merchant(session, str(approval.payload["merchant_id"]))
    account = _locked(session, str(approval.payload["bank_account_id"]))
    if account.ended_at is not None:
        raise BankAccountFinal("the account was taken back", bank_account_id=account.id)
    execute(session, approval.id, _sealed(account).payload(), actor, now)
    session.execute(
        update(MerchantBankAccount)
        .where(
            MerchantBankAccount.merchant_id == account.merchant_id,
            MerchantBankAccount.effective_from > now,
            MerchantBankAccount.ended_at.is_(None),
        )
        .values(ended_at=now, ended_by=actor.id, end_reason=SUPERSEDED, superseded_by=account.id)
    )
    account.effective_from = now + DELAY
    session.flush()
    told = contacts_to_tell(session, account.merchant_id, now)
    make_notices(session, Notice(account.merchant_id, NoticeKind.BANK_ACCOUNT_CHANGES, account.id), told, now)
    after = {"effective_from": account.effective_from.isoformat(), "last4": account.last4}
    record(session, actor, "merchant_bank_account.schedule", account.id, after=after, now=now)
    return account


def take_back_bank_account(
    session: Session, bank_account_id: str, reason: str, actor: Actor, now: datetime
) -> MerchantBankAccount:
    """Let a proposed or agreed account never take effect: one person does it, since whoever calls must be heard before the delay is over.

    Raises:
        UnknownBankAccount: there is none with this id.
        BankAccountFinal: it is in force, or was taken back before.
        ReasonUnfit: see `audit.record`.
    """
    account = _locked(session, bank_account_id)
    if account.ended_at is not None or (account.effective_from is not None and account.effective_from <= now):
        raise BankAccountFinal("this cannot be taken back", bank_account_id=bank_account_id)
    was_agreed = account.effective_from is not None
    account.ended_at, account.ended_by, account.end_reason = now, actor.id, reason
    session.flush()
    if was_agreed:
        told = contacts_to_tell(session, account.merchant_id, now)
        make_notices(session, Notice(account.merchant_id, NoticeKind.BANK_ACCOUNT_STAYS, account.id), told, now)
    record(session, actor, "merchant_bank_account.take_back", account.id, reason=reason, now=now)
    return account


def bank_account_at(session: Session, merchant_id: str, at: datetime) -> MerchantBankAccount | None:
    """Where a merchant's money goes at an instant; None when nothing was agreed to in time. For the future: as things stand."""
    chosen = select(MerchantBankAccount).where(
        MerchantBankAccount.merchant_id == merchant_id,
        MerchantBankAccount.effective_from <= at,
        MerchantBankAccount.ended_at.is_(None),
    )
    newest = chosen.order_by(MerchantBankAccount.effective_from.desc(), MerchantBankAccount.proposed_at.desc())
    return session.scalars(newest.limit(1)).one_or_none()


def bank_accounts_of(session: Session, merchant_id: str, limit: int = MAX_PAGE) -> list[MerchantBankAccount]:
    """A merchant's bank accounts, proposed, agreed, in force and past, newest first, at most 200."""
    chosen = select(MerchantBankAccount).where(MerchantBankAccount.merchant_id == merchant_id)
    newest = chosen.order_by(MerchantBankAccount.proposed_at.desc(), MerchantBankAccount.id)
    return list(session.scalars(newest.limit(min(limit, MAX_PAGE))))


def bank_account_by_id(session: Session, bank_account_id: str) -> MerchantBankAccount:
    """Look a bank account up.

    Raises:
        UnknownBankAccount: there is none with this id.
    """
    account = session.get(MerchantBankAccount, bank_account_id)
    if account is None:
        raise UnknownBankAccount("there is no such bank account", bank_account_id=bank_account_id)
    return account


def state_of(session: Session, account: MerchantBankAccount, now: datetime) -> str:
    """How an account stands: proposed, declined, expired, taken_back, superseded, agreed, in_force or replaced."""
    if account.ended_at is not None:
        return "taken_back" if account.superseded_by is None else "superseded"
    if account.effective_from is None:
        approval = find_approval(session, account.approval_id)
        if approval.state in (PROPOSED, APPROVED):
            return "proposed" if now < approval.expires_at else "expired"
        return DECLINED
    if account.effective_from > now:
        return "agreed"
    current = bank_account_at(session, account.merchant_id, now)
    return "in_force" if current is not None and current.id == account.id else "replaced"


def unsealed_bank_account(hsm: Hsm, account: MerchantBankAccount) -> ClearBankAccount:
    """An account in clear, for the city's own use, such as a payment. Asks the keys' keeper: call it with no transaction open."""
    return ClearBankAccount(
        account.id,
        account.bank,
        hsm.decrypt(FieldContext(TABLE, "holder", account.id), account.holder),
        hsm.decrypt(FieldContext(TABLE, "number", account.id), account.number),
    )


def _sealed(account: MerchantBankAccount) -> SealedBankAccount:
    return SealedBankAccount(
        account.id, account.merchant_id, account.bank, account.last4, account.holder, account.number
    )


def _locked(session: Session, bank_account_id: str) -> MerchantBankAccount:
    account = session.get(MerchantBankAccount, bank_account_id, with_for_update=True, populate_existing=True)
    if account is None:
        raise UnknownBankAccount("there is no such bank account", bank_account_id=bank_account_id)
    return account
