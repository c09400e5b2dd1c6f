"""What a resident has: the on-line account, and each card with what the books say is on it. Always asked by the resident's own id."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from citizencard import chart
from citizencard.accounts.registry import LINKABLE, account_of_card, account_of_person, link_card, open_account
from citizencard.accounts.views import AccountView, account_view
from citizencard.cards.classes import card_class
from citizencard.cards.errors import UnknownCard
from citizencard.cards.models import Card, CardState
from citizencard.cards.states import Deed
from citizencard.cards.views import cards_of_person
from citizencard.idempotency.work import Transaction
from citizencard.purse.loads.lookup import loads_of_card
from citizencard.purse.unloads.lookup import unloads_of_card
from citizencard.purse.uploads.journeys import taps_of_card
from ledger import balances

UNDER_WAY: Final = ("reserved", "authorised", "disproven")
"""States of a load whose money was taken and is not proved to be on the chip yet."""
UNLOADING: Final = ("announced", "authorised")
"""States of an unload that only the card can decide: its money is on the chip, or will be due."""
LOADS_LOOKED_AT: Final = 10


@dataclass(frozen=True, slots=True)
class Holding:
    """A card and its money.

    Args:
        id: of the card.
        serial: of the application on the chip.
        class_name, state: slugs.
        purse_fen: on the chip, by what has reached the books.
        as_of: the latest tap, load or unload that the books know of; None before the first.
        inload_fen: written, and not proved by the card yet.
        open_load_fen: paid at a counter, and not proved to be on the chip.
        open_unload_fen: asked back from the chip, which has not said whether it gave it.
        due_fen: the holder's, and not on the chip.
        pays_from_account: it is a means to pay from the on-line account.
    """

    id: str
    serial: bytes = field(repr=False)
    class_name: str
    state: CardState
    purse_fen: int
    as_of: datetime | None
    inload_fen: int
    open_load_fen: int
    open_unload_fen: int
    due_fen: int
    pays_from_account: bool

    @property
    def is_reportable(self) -> bool:
        """Whether it can be reported lost, or for good after a report for the time being."""
        return self.state in (CardState.ISSUED, CardState.ACTIVE, CardState.TEMP_LOST)

    @property
    def has_chip(self) -> bool:
        """Whether there is a chip in the holder's hands that holds money."""
        return self.state not in (CardState.APPLIED, CardState.PERSONALISED, CardState.SPOILED)


def own_account(session: Transaction, person_id: str) -> AccountView | None:
    """The resident's on-line account with its balance; None if there is none."""
    account = account_of_person(session, person_id)
    return None if account is None else account_view(session, account.id)


def own_card(session: Transaction, person_id: str, card_id: str) -> Card:
    """A card of the resident.

    Raises:
        UnknownCard: there is none; another resident's is answered in the same words.
    """
    card = next((card for card in cards_of_person(session, person_id) if card.id == card_id), None)
    if card is None:
        raise UnknownCard("no such card of the resident", card_id=card_id)
    return card


def holdings(session: Transaction, cards: Sequence[Card], account: AccountView | None) -> list[Holding]:
    """Each card with its money, in the order given."""
    names = ("purse", "inload", "due")
    codes = {(card.id, name): getattr(chart, name)(card.id) for card in cards for name in names}
    held = balances(session, list(codes.values())) if codes else {}

    def fen(card: Card, name: str) -> int:
        code = codes[card.id, name]
        return held[code].balance_fen if code in held else 0

    return [
        Holding(
            id=card.id,
            serial=card.serial,
            class_name=card_class(card.card_class).name,
            state=CardState(card.state),
            purse_fen=fen(card, "purse"),
            inload_fen=fen(card, "inload"),
            due_fen=fen(card, "due"),
            pays_from_account=account is not None and card.id in account.card_ids,
            **_lately(session, card),
        )
        for card in cards
    ]


def open_own_account(session: Transaction, person_id: str, cards: Sequence[Card], deed: Deed) -> str:
    """Open the resident's on-line account if there is none, and let these cards pay from it that can and do not yet.

    Returns:
        The account's id.

    Raises:
        AccountExists: it was opened by somebody else in this moment.
        CardNotLinkable: a card was reported lost in this moment.
    """
    account = account_of_person(session, person_id) or open_account(session, person_id, deed)
    for card in sorted(cards, key=lambda card: card.id):
        if CardState(card.state) in LINKABLE and account_of_card(session, card.id) is None:
            link_card(session, account.id, card.id, deed)
    return account.id


def _lately(session: Transaction, card: Card) -> dict[str, Any]:
    loads = loads_of_card(session, card.id, LOADS_LOOKED_AT)
    taps = taps_of_card(session, card.serial, limit=1)
    known = [tap.at for tap in taps if tap.at is not None] + [
        load.changed_at for load in loads if load.state == "proven"
    ]
    open_fen = sum(load.amount_fen for load in loads if load.state in UNDER_WAY)
    unloads = unloads_of_card(session, card.id, LOADS_LOOKED_AT)
    known += [unload.changed_at for unload in unloads if unload.state == "proven"]
    leaving_fen = sum(unload.amount_fen or 0 for unload in unloads if unload.state in UNLOADING)
    return {"as_of": max(known, default=None), "open_load_fen": open_fen, "open_unload_fen": leaving_fen}
