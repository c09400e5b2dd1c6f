"""The lists that devices fetch: blocks of the hotlist and partner issuers, both by four eyes, and who lags behind."""

from api.auth import actor
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once
from api.schemas.device_lists import (
    BlockWanted,
    Ending,
    EndingRequest,
    HotlistBlockAnswer,
    HotlistBlockRequest,
    IssuerWanted,
    LagsQuery,
    LagsWanted,
    ListLagAnswer,
    NumberedPage,
    NumberedPageQuery,
    PartnerIssuerAnswer,
    PartnerIssuerRequest,
)
from api.schemas.shape import Page, list_of
from api.schemas.staff import ProposedAnswer
from citizencard.cards.hotlist_acts import list_blocks, propose_block, propose_unblock
from citizencard.db import reading
from citizencard.staff.permissions import Permission
from citizencard.terminals.issuers import list_issuers, propose_admission, propose_withdrawal
from citizencard.terminals.lags import lagging
from citizencard.terminals.models import AcknowledgedKind

face = Face(
    "Blocks and issuers", "/v1", "Blocks of the hotlist, partner issuers, and devices that work with old lists."
)


@face.post("/hotlist-blocks", Shapes(gives=ProposedAnswer, takes=HotlistBlockRequest, status=202))
def propose_a_hotlist_block(wanted: BlockWanted) -> Once:
    """Propose that devices refuse a range of cards, or a security module. It counts from the moment a second person agrees, not earlier."""
    who = actor(Permission.DEVICE_LISTS_MANAGE)
    return Once(lambda session: {"approval_id": propose_block(session, wanted.block(), who, now()).id})


@face.get("/hotlist-blocks", Shapes(gives=list_of(HotlistBlockAnswer), query=NumberedPageQuery))
def see_hotlist_blocks(wanted: NumberedPage) -> Page:
    """All blocks that are or were on the hotlist, by number."""
    with reading(city().sessions) as session:
        found = list_blocks(session, after=wanted.starting_after, limit=wanted.limit + 1)
        session.expunge_all()
    return Page.cut(found, wanted.limit)


@face.post("/hotlist-blocks/<int:block_id>/removals", Shapes(gives=ProposedAnswer, takes=EndingRequest, status=202))
def propose_to_end_a_hotlist_block(ending: Ending, block_id: int) -> Once:
    """Propose that devices take these cards, or this module, again."""
    who = actor(Permission.DEVICE_LISTS_MANAGE)
    return Once(lambda session: {"approval_id": propose_unblock(session, block_id, ending.reason, who, now()).id})


@face.post("/partner-issuers", Shapes(gives=ProposedAnswer, takes=PartnerIssuerRequest, status=202))
def propose_a_partner_issuer(wanted: IssuerWanted) -> Once:
    """Propose that devices know another city's issuer."""
    who = actor(Permission.DEVICE_LISTS_MANAGE)
    return Once(lambda session: {"approval_id": propose_admission(session, wanted.new(), who, now()).id})


@face.get("/partner-issuers", Shapes(gives=list_of(PartnerIssuerAnswer), query=NumberedPageQuery))
def see_partner_issuers(wanted: NumberedPage) -> Page:
    """All issuers that are or were admitted, by number."""
    with reading(city().sessions) as session:
        found = list_issuers(session, after=wanted.starting_after, limit=wanted.limit + 1)
        session.expunge_all()
    return Page.cut(found, wanted.limit)


@face.post(
    "/partner-issuers/<int:issuer_id>/withdrawals", Shapes(gives=ProposedAnswer, takes=EndingRequest, status=202)
)
def propose_to_withdraw_a_partner_issuer(ending: Ending, issuer_id: int) -> Once:
    """Propose that devices forget another city's issuer."""
    who = actor(Permission.DEVICE_LISTS_MANAGE)
    return Once(lambda session: {"approval_id": propose_withdrawal(session, issuer_id, ending.reason, who, now()).id})


@face.get("/list-lags", Shapes(gives=list_of(ListLagAnswer), query=LagsQuery))
def see_list_lags(wanted: LagsWanted) -> Page:
    """Active devices that do not work with the list in force, by id, since when, and whether that is too long."""
    kind = AcknowledgedKind(wanted.list)
    with reading(city().sessions) as session:
        found = lagging(session, kind, now(), after=wanted.starting_after, limit=wanted.limit + 1)
    return Page.cut(found, wanted.limit)
