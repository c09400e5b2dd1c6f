"""Every signed request once: when a request's nonce is used up.

As a rule at once, before the request is looked at, in a transaction of its own. Where a route books money in one transaction, the nonce is
used up in that transaction instead, which saves a commit, and the promise is the same:

- Of the same request sent again, and of both sent at once, one is refused: the nonce's row has a unique name in the database, for all
  workers.
- A request that is refused, for whatever reason and wherever, uses its nonce up afterwards, before the refusal is answered.
- Only a server that dies before it has booked or answered anything leaves the nonce free. Sent again, by whomever, such a request is the
  request itself, which nobody has heard yet; what it does is done under the event's own name, once.
"""

import threading
import time
from typing import Final, cast

from flask import Response, current_app, g, request

from api.city import city, now
from api.problems import refused
from citizencard.db import transaction
from citizencard.terminals.errors import NonceInvalid, NonceReplayed
from citizencard.terminals.signing import Nonce, forget_nonces, use_up

WITH_THE_MONEY: Final = frozenset({"/terminals/online-purchases"})
"""Routes whose view uses the nonce up in the transaction that books, and then says `booked_with_nonce`."""
SWEEP_S: Final = 2.0
"""So often a process forgets nonces that are over, a few thousand at a time: hardly anything each time, and never at once."""
EXTENSION: Final = "citizencard_nonces"


class _Broom:
    """When this process swept last; one thread at a time sweeps."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next_s = time.monotonic() + SWEEP_S

    def is_due(self) -> bool:
        """Whether the caller shall sweep now."""
        with self._lock:
            due = time.monotonic() >= self._next_s
            if due:
                self._next_s = time.monotonic() + SWEEP_S
            return due


def begin(nonce: Nonce) -> None:
    """Use up the nonce of the present request, or note it for a route that does so with its money.

    Raises:
        NonceInvalid, NonceReplayed: of no usable length, or used in the last ten minutes.
    """
    if _broom().is_due():
        with transaction(city().sessions) as session:
            forget_nonces(session, now=now())
    nonce.check()
    if str(request.url_rule) in WITH_THE_MONEY:
        g.nonce = nonce
    else:
        use_up(city().sessions, nonce, now())


def present_nonce() -> Nonce:
    """The nonce of the present request, on a route that uses it up with its money."""
    return cast("Nonce", g.nonce)


def booked_with_nonce() -> None:
    """The present request's nonce was used up with what was booked."""
    g.pop("nonce")


def use_up_rest(answer: Response) -> Response:
    """After a request that was refused before it used its nonce up: use it up, or say that it was used before."""
    left: Nonce | None = g.pop("nonce", None)
    if left is None:
        return answer
    try:
        use_up(city().sessions, left, now())
    except (NonceInvalid, NonceReplayed) as refusal:
        return refused(refusal)
    return answer


def _broom() -> _Broom:
    found = current_app.extensions.setdefault(EXTENSION, _Broom())
    if not isinstance(found, _Broom):
        raise TypeError(EXTENSION)
    return found
