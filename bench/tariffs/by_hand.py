"""The references: the same rules as a programmer of one city would write them down, in Decimal, without explanations or other cities."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from citizencard.tariffs.parking import Stay
from citizencard.tariffs.transit.rides import Ride

FEN: Final = Decimal("0.01")
WINDOW: Final = timedelta(minutes=90)
FARES: Final = {"bus": Decimal("2.00"), "community": Decimal("1.00")}
COMMUNITY: Final = range(700, 800)
SHARE: Final = Decimal("0.6")
REDUCED: Final = Decimal("2.00")
TIERS: Final = ((2760, Decimal("0.5283")), (4800, Decimal("0.5783")), (None, Decimal("0.8283")))


def suzhou_bus(ride: Ride) -> int:
    """Suzhou's bus: within 90 minutes 2.00 less, then 0.6 of the rest; fen."""
    base = FARES["community" if ride.line in COMMUNITY else "bus"]
    anchor = ride.anchor
    if anchor is not None and anchor.line != ride.line and timedelta(0) <= ride.at - anchor.at <= WINDOW:
        base = max(Decimal(0), base - REDUCED)
    return int((base * SHARE).quantize(FEN, ROUND_HALF_UP) * 100)


def suzhou_bus_explained(ride: Ride) -> dict[str, object]:
    """The same with its reason, as a programmer would write it who has to show it to a resident."""
    kind = "community" if ride.line in COMMUNITY else "bus"
    base, anchor = FARES[kind], ride.anchor
    lines: list[dict[str, object]] = [{"what": "base", "amount": base, "line": ride.line, "mode": "bus"}]
    left = base
    if anchor is not None and anchor.line != ride.line and timedelta(0) <= ride.at - anchor.at <= WINDOW:
        left = max(Decimal(0), base - REDUCED)
        lines.append(
            {
                "what": "transfer",
                "amount": left - base,
                "from_line": anchor.line,
                "from_at": anchor.at.isoformat(),
                "age_minutes": int((ride.at - anchor.at).total_seconds()) // 60,
            }
        )
    own = (left * SHARE).quantize(FEN, ROUND_HALF_UP)
    if own != left:
        lines.append({"what": "concession", "amount": own - left, "pays": str(SHARE), "class": "adult"})
    return {"fen": int(own * 100), "lines": lines}


def taicang_street(stay: Stay) -> int:
    """Taicang's street, minute by minute: 30 free, an hour 5.00, then 2.00 each half hour, 40.00 in 24 hours, 7 to 21 h; fen."""
    minutes = int((stay.left_at - stay.entered_at).total_seconds()) // 60
    if minutes <= 30:  # noqa: PLR2004 # the rule's own numbers, as everywhere in this module
        return 0
    total = Decimal(0)
    for start in range(0, minutes, 24 * 60):
        charged = sum(
            7 <= (stay.entered_at + timedelta(minutes=minute)).hour < 21  # noqa: PLR2004 # as above
            for minute in range(start, min(start + 24 * 60, minutes))
        )
        price = Decimal(5) if charged else Decimal(0)
        if charged > 60:  # noqa: PLR2004 # as above
            price += Decimal(2) * -(-(charged - 60) // 30)
        total += min(price, Decimal(40))
    return int(total * 100)


def jiangsu_home(units: int) -> int:
    """Jiangsu's electricity in a year, by tiers; fen."""
    total, below = Decimal(0), 0
    for up_to, price in TIERS:
        top = units if up_to is None else min(units, up_to)
        total += max(0, top - below) * price
        below = max(below, top)
    return int(total.quantize(FEN, ROUND_HALF_UP) * 100)
