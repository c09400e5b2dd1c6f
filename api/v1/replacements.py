"""Cards in the place of others that are lost or broken."""

from api.auth import actor
from api.city import now
from api.face import Face, Shapes
from api.idempotency import Once
from api.schemas.findings import ReplacementAnswer, ReplacementRequest, ReplacementWanted
from citizencard.cards.states import Deed
from citizencard.idempotency.work import Transaction
from citizencard.settlement.replacements.models import CardReplacement
from citizencard.settlement.replacements.registering import Pair, replace_card
from citizencard.staff.permissions import Permission

face = Face("Replacements", "/v1", "A new card in the place of one that is lost or broken; its money follows.")


@face.post("/cards/<card_id>/replacements", Shapes(gives=ReplacementAnswer, takes=ReplacementRequest, status=201))
def put_in_its_place(given: ReplacementWanted, card_id: str) -> Once:
    """Put a card of the same person in the place of this one. Once no tap of the old card can be on its way, its money follows."""
    who = actor(Permission.CARDS_REPLACE)

    def work(session: Transaction) -> CardReplacement:
        return replace_card(session, Pair(card_id, given.new_card_id), Deed(who, now(), given.reason))

    return Once(work)
