"""What of the holder goes onto the card: decrypted outside transactions, used once, kept nowhere."""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.keys.hsm import FieldContext, Hsm
from citizencard.social_security.models import UNLINKED, SocialSecurityLink


@dataclass(frozen=True, slots=True)
class SocialFacts:
    """The holder's place in social security, in clear.

    Args:
        region: 6 digits of the pool region.
        number: social-security number.
        nation: 2 digits, GB/T 3304.
    """

    region: str
    number: str = field(repr=False)
    nation: str = field(repr=False)


def social_link(session: Session, person_id: str, *, unlinked_too: bool) -> SocialSecurityLink | None:
    """The person's place in social security; None if there is none, or it has ended and `unlinked_too` is not set."""
    link = session.scalars(select(SocialSecurityLink).where(SocialSecurityLink.person_id == person_id)).one_or_none()
    ended = link is not None and link.status == UNLINKED
    return None if ended and not unlinked_too else link


def social_facts(hsm: Hsm, link: SocialSecurityLink | None) -> SocialFacts | None:
    """The link in clear. Asks the keys' keeper: call it with no transaction open."""
    if link is None:
        return None
    table = SocialSecurityLink.__tablename__
    return SocialFacts(
        link.region_code,
        hsm.decrypt(FieldContext(table, "number", link.id), link.number),
        hsm.decrypt(FieldContext(table, "nation", link.id), link.nation),
    )
