"""What a decision says, line by line: which tap, what becomes of its money, how much. Exactly this is what two people agree to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from citizencard.purse.decisions.models import Outcome
from citizencard.settlement.findings.errors import DecisionLinesUnfit

TAP_DECIDE: Final = "tap.decide"
"""The act that two people agree to."""
MAX_LINES: Final = 500


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """What shall become of the money of one tap.

    Args:
        record_id: the tap.
        outcome: `merchant`: it is paid to the merchant; `holder`: it is given back; `company`: the merchant is paid, and the company makes
            it good to the holder; `goodwill`: the merchant gets something for a record that was rejected.
        amount_fen: all that is undecided of the tap; of goodwill, what is given.
        merchant_id: only where the registry names none for the tap.
    """

    record_id: int
    outcome: Outcome
    amount_fen: int
    merchant_id: str | None = None


def payload_of(lines: Sequence[DecisionLine]) -> dict[str, Any]:
    """The lines as an approval keeps them."""
    return {
        "lines": [
            {
                "record": line.record_id,
                "outcome": str(line.outcome),
                "amount_fen": line.amount_fen,
                "merchant_id": line.merchant_id,
            }
            for line in lines
        ]
    }


def lines_of(payload: Mapping[str, Any]) -> tuple[DecisionLine, ...]:
    """The lines that an approval keeps."""
    return tuple(
        DecisionLine(line["record"], Outcome(line["outcome"]), line["amount_fen"], line["merchant_id"])
        for line in payload["lines"]
    )


def check_count(lines: Sequence[object], distinct: int) -> None:
    """Hold the bounds of one decision.

    Raises:
        DecisionLinesUnfit: none, more than MAX_LINES, or a tap twice.
    """
    if not 1 <= len(lines) <= MAX_LINES or distinct != len(lines):
        raise DecisionLinesUnfit(f"{len(lines)} lines about {distinct} taps", lines=len(lines))
