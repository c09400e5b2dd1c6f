"""Who did what to what, and why: rows that are never changed, hold no personal data, and are sealed."""

from citizencard.audit.entries import (
    ID_NUMBER_OR_MOBILE,
    Access,
    Actor,
    ActorKind,
    AuditError,
    ReasonUnfit,
    canonical_json,
    content_hash,
    record,
    record_reading,
)
from citizencard.audit.models import REASON_CHARS, AuditCut, AuditEntry, AuditSeal

__all__ = [
    "ID_NUMBER_OR_MOBILE",
    "REASON_CHARS",
    "Access",
    "Actor",
    "ActorKind",
    "AuditCut",
    "AuditEntry",
    "AuditError",
    "AuditSeal",
    "ReasonUnfit",
    "canonical_json",
    "content_hash",
    "record",
    "record_reading",
]
