"""Refusals about residents' logins. Without the card nothing here says whether somebody has a login."""

from typing import ClassVar

from citizencard.errors import CitizencardError


class ResidentsError(CitizencardError):
    """Something about a resident's login is refused."""

    code = "resident_refused"


class ResidentSignInRefused(ResidentsError):
    """The login or the password is wrong."""

    code = "resident_sign_in_refused"


class ResidentSessionEnded(ResidentsError):
    """There is no such session of a resident, or it has ended."""

    code = "resident_session_ended"


class CardProofRefused(ResidentsError):
    """The card has not proved itself: hold it to the reader once more."""

    code = "card_proof_refused"


class ProvedCardUnusable(ResidentsError):
    """The card is genuine, but it is reported lost, blocked, or not yet handed out."""

    code = "proved_card_unusable"


class ResidentLoginTaken(ResidentsError):
    """Another resident has this login."""

    code = "resident_login_taken"
    public: ClassVar[tuple[str, ...]] = ("login",)
