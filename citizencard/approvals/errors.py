"""Refusals about approvals."""

from typing import ClassVar

from citizencard.errors import CitizencardError


class ApprovalError(CitizencardError):
    """The approval is refused."""

    code = "approval_refused"
    public: ClassVar[tuple[str, ...]] = ("approval_id",)


class ApprovalUnknown(ApprovalError):
    """There is no such approval."""

    code = "approval_unknown"


class ApprovalExpired(ApprovalError):
    """The proposal is too old; it has to be made again."""

    code = "approval_expired"


class ApprovalDecided(ApprovalError):
    """The proposal was decided already."""

    code = "approval_decided"
    public: ClassVar[tuple[str, ...]] = ("approval_id", "state")


class ApprovalNotGiven(ApprovalError):
    """The proposal has not been approved."""

    code = "approval_not_given"
    public: ClassVar[tuple[str, ...]] = ("approval_id", "state")


class ApprovalAlreadyExecuted(ApprovalError):
    """The approval has taken effect already."""

    code = "approval_already_executed"


class ApprovalPayloadDiffers(ApprovalError):
    """What is to be done is not what was approved."""

    code = "approval_payload_differs"


class FourEyesNeeded(ApprovalError):
    """The person who proposes cannot be the person who decides."""

    code = "four_eyes_needed"
