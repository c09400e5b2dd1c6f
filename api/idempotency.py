"""Idempotency-Key: what creates something or moves money is done once, however often it is sent.

Not covered, because each is safe to repeat by its own nature or must not have its answer stored:

* sessions, codes and activations: the answer is a secret, and a one-time code is good once;
* searches and revelations: they change nothing but the audit, which shall show every one of them;
* checks and previews of a tariff: they change nothing;
* reader jobs, through an agent too: a new job takes over from the open one of the same subject, and a step is named by its number;
* terminals: a record or a one-time code is its own identity.

One-time secrets that come with something created (a login's token, a terminal's enrolment code) are never stored. The stored answer
holds the id alone; a repetition gets a new secret, which makes the first one void, and none at all once the first was used.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import request

from api.auth import principal
from api.city import city, now
from api.errors import IdempotencyKeyMissing
from citizencard.idempotency.slots import hash_of
from citizencard.idempotency.work import Done, KeyedRequest, Transaction, do_again, do_once

HEADER: Final = "Idempotency-Key"
HASH_FIELD: Final = "idempotency_key.request_hash"
REPLAYED: Final = "Idempotent-Replayed"
NEEDS_NO_KEY: Final[frozenset[str]] = frozenset(
    {
        "/v1/staff-activations",
        "/v1/staff-sessions",
        "/v1/staff-sessions/current/codes",
        "/v1/staff-sessions/current/password",
        "/v1/people/searches",
        "/v1/people/<person_id>/revelations",
        "/v1/merchant-contacts/<contact_id>/revelations",
        "/v1/bank-accounts/<bank_account_id>/revelations",
        "/v1/reader-jobs",
        "/v1/reader-jobs/<job_id>/steps/<int:step>",
        "/v1/reader-agents/<agent_id>/jobs",
        "/v1/reader-agents/<agent_id>/answers",
        "/v1/ledger-proofs",
        "/v1/tariff-checks",
        "/v1/tariff-previews",
    }
)
"""POST routes under /v1 without a key, for the reasons above; a proof of the books may be asked for as often as one likes."""

Stored = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Once:
    """Work of one transaction, with its answer stored beside its effect.

    Args:
        work: does it; what it returns is the answer, or, with `show`, the ids that are stored.
        show: makes the answer from the stored ids and whether they were stored before; runs after the commit, and may read and decrypt.
    """

    work: Callable[[Transaction], object]
    show: Callable[[Stored, bool], object] | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """Work of several transactions that ends the same however often it is begun."""

    flow: Callable[[], object]


def carry_out(asked: Once | Again, dump: Callable[[object], Stored], status: int) -> tuple[Stored, Done]:
    """Do what was asked, or find the answer that it had.

    Args:
        asked: the work.
        dump: makes JSON values of an answer.
        status: of the answer.

    Raises:
        IdempotencyKeyMissing: there is no key.
        IdempotencyError: see `citizencard.idempotency`.
    """
    keyed = _keyed(status)
    if isinstance(asked, Again):
        flow = asked.flow
        done = do_again(city().sessions, keyed, lambda: dump(flow()))
        return done.answer.body, done
    work, show = asked.work, asked.show
    if show is None:
        done = do_once(city().sessions, keyed, lambda session: dump(work(session)))
        return done.answer.body, done
    done = do_once(city().sessions, keyed, lambda session: _ids(work(session)))
    return dump(show(done.answer.body, done.replayed)), done


def _keyed(status: int) -> KeyedRequest:
    key = request.headers.get(HEADER)
    if key is None:
        raise IdempotencyKeyMissing("send an Idempotency-Key header with a new value, such as a UUID")
    scope = f"{principal().actor.id} {request.method} {request.url_rule}"
    # With the query, which may say whose file the body is.
    address = request.full_path.rstrip("?")
    return KeyedRequest(scope, key, sealed_hash(address, request.get_data(cache=True)), status, now())


def sealed_hash(address: str, body: bytes) -> bytes:
    """What makes two requests the same, as it is stored: a bare hash of a form with an ID number could be found out by trying numbers."""
    return city().hsm.blind_index(HASH_FIELD, hash_of(request.method, address, body).hex())


def _ids(found: object) -> Stored:
    if not isinstance(found, Mapping):
        raise TypeError("work with `show` returns the ids to be stored")
    return found
