"""Refusals about the custody of keys."""

from typing import ClassVar

from citizencard.errors import CitizencardError


class CustodyError(CitizencardError):
    """What is to be done to a key or PSAM is refused."""

    code = "custody_refused"


class TwoPeopleNeeded(CustodyError):
    """Two different people are needed for this."""

    code = "two_people_needed"


class TransferRepeated(CustodyError):
    """This key was imported before."""

    code = "transfer_repeated"


class KeyHeldByChips(CustodyError):
    """Chips in use still hold this key."""

    code = "key_held_by_chips"
    public: ClassVar[tuple[str, ...]] = ("key_id", "chips")


class UnknownPsamInCustody(CustodyError):
    """There is no PSAM with this serial."""

    code = "unknown_psam_in_custody"


class PsamMoveRefused(CustodyError):
    """The PSAM cannot go there from where it is."""

    code = "psam_move_refused"
    public: ClassVar[tuple[str, ...]] = ("psam_serial", "act")
