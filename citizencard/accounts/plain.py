"""The plain case of a purchase on PostgreSQL: a look, the vault, and then one transaction of two round trips that judges, writes and pays.

Nothing is decided here that is not decided by `purchases.decide`: a purchase that this does not take (a refusal, a repeat, a card or an
account that changed in the same moment, a merchant's first one) has written nothing and goes the ordinary way, so that there is one place
that refuses. What was looked at beforehand is asked again under the card's lock, in a statement that begins after the lock was had.

Order of locks as there: nonce, card row, the event's row, then the ledger's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.pq.abc import PGresult

from citizencard import chart
from citizencard.accounts.proof import PurchaseClaim
from citizencard.accounts.purchases import CLOCK_WINDOW, transfer_of
from citizencard.keys.hsm import Hsm
from citizencard.terminals.signing import Nonce
from ledger import plain
from ledger.prepared import Line, Statement, Step

_BOUND: Final = (
    "terminal_binding b ON b.terminal_number = $1::text AND b.terminal_id = $4::text AND b.valid_from <= $6::timestamptz"
    " AND (b.valid_to IS NULL OR b.valid_to > $6::timestamptz)"
)
_CARD: Final = "card c JOIN account_card a ON a.card_id = c.id AND a.unlinked_at IS NULL"
_LOOK: Final = Statement(
    "accounts_look",
    f"SELECT c.id, c.key_version, a.account_id, b.merchant_id FROM {_CARD} JOIN {_BOUND}"  # noqa: S608 # our own names
    " WHERE c.serial = $5::text AND NOT EXISTS (SELECT FROM online_purchase p"
    " WHERE p.terminal_number = $1::text AND p.batch = $2::bigint AND p.trace = $3::bigint)",
)
_LOCK: Final = Statement("accounts_lock_card", "SELECT FROM card WHERE id = $1::text FOR NO KEY UPDATE")
_ENTER: Final = Statement(
    "accounts_enter",
    "INSERT INTO online_purchase (terminal_number, batch, trace, terminal_id, merchant_id, card_serial, card_id, account_id,"  # noqa: S608 # our own names
    " amount_fen, happened_at, proof, verdict, received_at)"
    " SELECT $1::text, $2::bigint, $3::bigint, t.id, b.merchant_id, c.serial, c.id, a.account_id, $7::bigint, $8::timestamptz, $9::text,"
    f" 'approved', $6::timestamptz FROM {_CARD} JOIN terminal t ON t.id = $4::text JOIN {_BOUND}"
    " WHERE c.serial = $5::text AND c.state = 'active' AND c.id = $10::text AND c.key_version = $11::integer"
    " AND a.account_id = $12::text AND b.merchant_id = $13::text AND t.state = 'active' AND t.last_batch >= $2::bigint"
    " AND NOT EXISTS (SELECT FROM hotlist_entry h WHERE h.serial = $5::text AND h.effective_from <= $6::timestamptz"
    " AND (h.removed_from IS NULL OR h.removed_from > $6::timestamptz))"
    " AND NOT EXISTS (SELECT FROM hotlist_block k WHERE (k.kind = 'range' AND $5::text BETWEEN k.first AND k.last"
    " OR k.kind = 'module' AND k.first = $1::text)"
    " AND k.effective_from <= $6::timestamptz AND (k.removed_from IS NULL OR k.removed_from > $6::timestamptz))"
    " ON CONFLICT DO NOTHING RETURNING id",
)
"""Writes the event's row if everything that was looked at still holds and nothing speaks against the purchase; answers its id then."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a purchase needs to know beforehand; `_ENTER` holds all of it to what is true then."""

    card_id: str
    key_version: int
    account_id: str
    merchant_id: str


def paid_plainly(line: Line, hsm: Hsm, nonce: Nonce, claim: PurchaseClaim, now: datetime) -> bool:
    """Whether the purchase was new, and is approved, booked and committed now, with its nonce. Otherwise nothing at all was written.

    Args:
        line: to PostgreSQL; there is no transaction on it while the vault is asked.
        hsm: checks the card's proof.
        nonce: of the request, not used up yet; its terminal is the sender, whose signature was checked.
        claim: well formed.
        now: when it arrived.
    """
    if abs(claim.happened_at - now) > CLOCK_WINDOW:
        return False
    found = _look(line, nonce.terminal_id, claim, now)
    if found is None or not hsm.card_proof_is_valid(claim.card_serial, found.key_version, claim.challenge, claim.proof):
        return False
    transfer = transfer_of(claim, nonce.terminal_id, found.card_id, chart.wallet(found.account_id), found.merchant_id)

    def holds(answers: Sequence[PGresult]) -> bool:
        taken, _, entered, _, posted = answers
        return bool(taken.ntuples and entered.ntuples and plain.taken(posted, transfer, now))

    steps = [
        nonce.step(now),
        Step(_LOCK, (found.card_id,)),
        Step(_ENTER, (*_named(nonce.terminal_id, claim, now), *_content(claim, found))),
        *plain.steps(transfer, now),
    ]
    return line.attempt(steps, holds) is not None


def _look(line: Line, terminal_id: str, claim: PurchaseClaim, now: datetime) -> _Found | None:
    result = line.ask(Step(_LOOK, _named(terminal_id, claim, now)))
    if not result.ntuples:
        return None
    card_id, key_version, account_id, merchant_id = (
        (result.get_value(0, column) or b"").decode() for column in range(4)
    )
    return _Found(card_id, int(key_version), account_id, merchant_id)


def _named(terminal_id: str, claim: PurchaseClaim, now: datetime) -> tuple[str, ...]:
    name = claim.name
    return (
        name.terminal.hex().upper(),
        str(name.batch),
        str(name.trace),
        terminal_id,
        claim.card_serial.hex().upper(),
        now.isoformat(),
    )


def _content(claim: PurchaseClaim, found: _Found) -> tuple[str, ...]:
    return (
        str(claim.amount_fen),
        claim.happened_at.isoformat(),
        claim.proof.hex().upper(),
        found.card_id,
        str(found.key_version),
        found.account_id,
        found.merchant_id,
    )
