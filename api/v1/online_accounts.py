"""On-line accounts at the counter: opened, linked with cards, topped up with cash (充值)."""

from api.auth import actor, actor_at
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once
from api.schemas.online_accounts import (
    AccountWanted,
    CardLinked,
    CardLinkRequest,
    CashGiven,
    CashTopUpAnswer,
    CashTopUpRequest,
    OnlineAccountAnswer,
    OnlineAccountRequest,
)
from citizencard.accounts.registry import link_card, open_account
from citizencard.accounts.top_ups import CashPaid, top_up
from citizencard.accounts.views import AccountView, account_view
from citizencard.cards.states import Deed
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.staff.outlets import find_till
from citizencard.staff.permissions import Permission

face = Face("On-line accounts", "/v1", "Money that is held here, not on a chip: what cards pay parking and bills from.")


@face.post("/online-accounts", Shapes(gives=OnlineAccountAnswer, takes=OnlineAccountRequest, status=201))
def open_an_account(wanted: AccountWanted) -> Once:
    """Open an account: one for each resident, or a bearer's for one card alone."""
    deed = Deed(actor(Permission.ACCOUNTS_OPEN), now())

    def work(session: Transaction) -> AccountView:
        return account_view(session, open_account(session, wanted.person_id, deed).id)

    return Once(work)


@face.get("/online-accounts/<account_id>", Shapes(gives=OnlineAccountAnswer))
def see_account(account_id: str) -> AccountView:
    """An account, what it holds, and the cards that pay from it."""
    with reading(city().sessions) as session:
        return account_view(session, account_id)


@face.post("/online-accounts/<account_id>/cards", Shapes(gives=OnlineAccountAnswer, takes=CardLinkRequest, status=201))
def link_a_card(given: CardLinked, account_id: str) -> Once:
    """Let a card pay from an account: the holder's own, or one card alone of a bearer's account."""
    deed = Deed(actor(Permission.ACCOUNTS_OPEN), now())

    def work(session: Transaction) -> AccountView:
        link_card(session, account_id, given.card_id, deed)
        return account_view(session, account_id)

    return Once(work)


@face.post("/online-accounts/<account_id>/top-ups", Shapes(gives=CashTopUpAnswer, takes=CashTopUpRequest, status=201))
def take_cash(given: CashGiven, account_id: str) -> Once:
    """Take cash for an account into a till, with a slip. More than the account's ceiling leaves room for is refused."""

    def work(session: Transaction) -> object:
        who = actor_at(Permission.TOP_UPS_TAKE, find_till(session, given.till_id).outlet_id)
        return top_up(session, CashPaid(account_id, given.amount_fen, given.till_id), Deed(who, now()))

    return Once(work)
