"""Who pays the merchant what the passenger does not: each sponsor its part of the difference between full fare and price."""

from collections.abc import Mapping
from typing import Final

from citizencard.tariffs.transit.rides import Priced

MAX_REFERENCE: Final = 96
"""Characters that a reference of the ledger may have."""


def subsidies(priced: Priced, full_fen: int, paid_fen: int) -> dict[str, int]:
    """What each sponsor pays the merchant for one ride, in fen; sponsors of nothing are left out.

    What nobody sponsors is the merchant's own gift. At least the expected price counts as paid: whoever charges too little, or sends a
    changed anchor, gets no more from a sponsor; whoever charges too much gets so much less. No sponsor ever pays more than the tariff
    says of it.

    Args:
        priced: the price, with the sponsor of each line.
        full_fen: the full fare that is made up, where it is less than the ride's own.
        paid_fen: what left the chip.
    """
    promised = priced.quote.sponsored()
    if not promised:
        return {}
    given_fen = priced.base - priced.quote.minor - sum(promised.values())
    left_fen = max(0, full_fen - max(paid_fen, priced.quote.minor) - max(0, given_fen))
    owed: dict[str, int] = {}
    for sponsor, promised_fen in promised.items():
        owed[sponsor] = min(promised_fen, left_fen)
        left_fen -= owed[sponsor]
    return {sponsor: fen for sponsor, fen in owed.items() if fen}


def subsidy_references(event: str, owed: Mapping[str, int]) -> dict[str, str]:
    """The reference of each sponsor's part of one event: `subsidy:<event>` for the first, `subsidy:<event>:<ordinal>` for the others.

    The order is that of the lines of the price, which the record and the tariff fix: the same tap has the same references whenever it is
    reckoned. A sponsor's name may have 60 characters; beside a tap it would not fit into a reference.

    Args:
        event: reference of what is subsidised, such as `tap:<32 hexadecimal digits>`.
        owed: by sponsor, in order.
    """
    return {
        sponsor: f"subsidy:{event}" if number == 1 else f"subsidy:{event}:{number}"
        for number, sponsor in enumerate(owed, start=1)
    }
