"""The books: balances, statements, the trial balance, and the ledger's proof of itself."""

from api.city import city, now
from api.face import Face, Shapes
from api.schemas.books import (
    BalanceAnswer,
    LedgerProofAnswer,
    LinesWanted,
    StatementLineAnswer,
    StatementQuery,
    TrialBalanceAnswer,
)
from api.schemas.cards import EmptyRequest, Nothing
from api.schemas.shape import Page, list_of
from citizencard.db import reading
from citizencard.settlement.flow import prove_books
from ledger import Balance, TrialBalance, balance, statement, trial_balance

face = Face("Books", "/v1", "Double-entry accounts.")


@face.get("/trial-balance", Shapes(gives=TrialBalanceAnswer))
def see_trial_balance() -> TrialBalance:
    """All accounts by family; total debits are total credits, or something is wrong."""
    with reading(city().sessions) as session:
        return trial_balance(session)


@face.post("/ledger-proofs", Shapes(gives=LedgerProofAnswer, takes=EmptyRequest, status=201))
def prove_the_books(_nothing: Nothing) -> dict[str, object]:
    """Let the ledger recompute every invariant from its transfers alone, and keep when it did and with what result."""
    proof = prove_books(city().sessions, now())
    return {
        "proved": proof.proved,
        "differences": [str(difference) for difference in proof.differences],
        "transfers": proof.transfers,
        "accounts": proof.accounts,
        "proved_at": now(),
    }


@face.get("/accounts/<code>/balance", Shapes(gives=BalanceAnswer))
def see_balance(code: str) -> Balance:
    """What an account holds, such as `purse:card_…`."""
    with reading(city().sessions) as session:
        return balance(session, code)


@face.get("/accounts/<code>/statement", Shapes(gives=list_of(StatementLineAnswer), query=StatementQuery))
def see_statement(wanted: LinesWanted, code: str) -> Page:
    """The transfers of an account in recorded order; `starting_after` is the id of a line."""
    with reading(city().sessions) as session:
        found = statement(session, code, after_id=wanted.starting_after, limit=wanted.limit)
    return Page(found.lines, found.has_more)
