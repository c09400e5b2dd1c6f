"""The water company's bills: a file with one bad line, and what became of it."""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from demo.stage import Stage
from demo.telling import yuan

HEADER = ("serial", "customer_number", "period_from", "period_to", "quantity", "amount_fen", "due_on")
PERIOD = timedelta(days=30)
DUE_AFTER = timedelta(days=20)
BEIJING_OFFSET = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class WaterBill:
    """A line of the file: tons of water, and what the company's own program says that they cost."""

    household: str
    quantity_t: int
    amount_fen: int


class WaterBills:
    """The file of one day.

    Args:
        stage: where the day is played.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        first = 100 + 10 * stage.number
        self.residents = WaterBill(f"{first:08d}", 18, 4_950)
        self._neighbours = (
            WaterBill(f"{first + 1:08d}", 25, 7_325),
            WaterBill(f"{first + 2:08d}", 35, 9_975),  # the price of 35 t without its third tier
        )

    def send(self) -> None:
        """Hand the file in, and show what was not taken."""
        story, state = self._stage.story, self._stage.city.state
        story.step("The water company sends its bills as a file; one line charges a wrong price")
        path = f"/v1/bill-imports?service_id={state['water_service_id']}&source_name=water-{self._stage.number}.csv"
        report = self._stage.city.desk("finance").upload(path, self._file().encode(), "text/csv; charset=utf-8")
        story.fact(f"{report['accepted']} bills taken", yuan(report["accepted_fen"]))
        story.fact(f"{report['rejected']} line in the reject file:", "line,field,reason,raw")
        for reject in report["rejects"]:
            story.fact(f"  {reject['raw']}", f"{reject['line']},{reject['field']},{reject['reason']}")
        self._stage.figures["bills taken"] = report["accepted"]
        self._stage.figures["bills rejected"] = report["rejected"]

    def _file(self) -> str:
        read_on: date = (datetime.now(UTC) + BEIJING_OFFSET).date()
        period = ((read_on - PERIOD + timedelta(days=1)).isoformat(), read_on.isoformat())
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(HEADER)
        for number, bill in enumerate((self.residents, *self._neighbours), start=1):
            serial = f"W{self._stage.number:05d}-{number}"
            due_on = (read_on + DUE_AFTER).isoformat()
            writer.writerow((serial, bill.household, *period, bill.quantity_t, bill.amount_fen, due_on))
        return out.getvalue()
