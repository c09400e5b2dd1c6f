"""Refusals about repeated requests."""

from citizencard.errors import CitizencardError


class IdempotencyError(CitizencardError):
    """The repeated request is refused."""

    code = "idempotency_refused"


class IdempotencyKeyUnfit(IdempotencyError):
    """An idempotency key has 1 to 255 printable ASCII characters."""

    code = "idempotency_key_unfit"


class IdempotencyInProgress(IdempotencyError):
    """The same request is being worked on; ask again in a moment."""

    code = "idempotency_in_progress"


class IdempotencyKeyReused(IdempotencyError):
    """The key was used before for another request."""

    code = "idempotency_key_reused"


class LeaseLost(IdempotencyError):
    """The work took longer than its lease, and another one has taken it over."""

    code = "idempotency_lease_lost"
