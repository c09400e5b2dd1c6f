"""Adding a household: a refusal is committed too, so that wrong tries stay counted."""

from datetime import datetime

from citizencard.audit import Actor
from citizencard.billing.errors import BillingError
from citizencard.billing.households import HouseholdClaim, HouseholdView, try_link
from citizencard.cards.states import Deed
from citizencard.db import Sessions, transaction


def link_household(sessions: Sessions, claim: HouseholdClaim, actor: Actor, now: datetime) -> HouseholdView:
    """Add a household to a resident's, proved by its latest bill; added already, the answer is the same.

    Raises:
        ServiceUnknown: there is no such service.
        HouseholdLocked: five wrong tries within a day; says until when.
        HouseholdNotProved: no bill has this number, or it is not the one named; says how many tries are left.
        HouseholdsTooMany: the resident has ten.
    """
    with transaction(sessions) as session:
        answer = try_link(session, claim, Deed(actor, now))
    if isinstance(answer, BillingError):
        raise answer
    return answer
