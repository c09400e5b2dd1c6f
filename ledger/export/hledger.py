"""A journal for hledger (hledger.org, "Journal" of the manual, tried with 1.25): one transaction for each transfer.

References stand in the code field, the rest in tags. What a tag's value may not hold (a comma ends it; brackets are dates) is written as
`%` and two hexadecimal digits.
"""

from urllib.parse import quote

from ledger.export.amounts import yuan
from ledger.export.names import HLEDGER_OPENING, hledger_name
from ledger.export.period import Period
from ledger.export.reading import Entry, Held
from ledger.instants import canonical

_PLAIN = "{}\"':;/?!&=@ \\|<>()*^~#$+"


class HledgerWriter:
    """Writes a period for hledger. `hledger check --strict` then proves every balance at the end.

    Args:
        period: what is exported.
    """

    def __init__(self, period: Period) -> None:
        self.period = period
        self._currencies: set[str] = set()
        self._transfers = 0

    def head(self) -> str:
        """What the file is, and the decimal mark."""
        finality = "final" if self.period.final else "not final, the last day is still open"
        return (
            f"; Business days {self.period.first} to {self.period.last}: {finality}.\n"
            f"; Transfers {self.period.after_id + 1} to {self.period.cut_id} in recorded order.\n"
            "decimal-mark .\n"
        )

    def opening(self, held: Held) -> str:
        """What an account began with."""
        self._currencies.add(held.currency)
        amount = yuan(held.debit_fen)
        return (
            f"\n{self.period.first} * opening balance\n"
            f"    {hledger_name(held.type, held.code)}  {held.currency} {amount}\n"
            f"    {HLEDGER_OPENING}  {held.currency} {yuan(-held.debit_fen)}\n"
        )

    def entry(self, entry: Entry) -> str:
        """One transfer."""
        self._transfers += 1
        self._currencies.add(entry.currency)
        tags = [
            f"id:{entry.id}",
            f"occurred:{canonical(entry.occurred_at)}",
            f"recorded:{canonical(entry.recorded_at)}",
        ]
        if entry.journal is not None:
            tags.append(f"journal:{entry.journal}")
        if entry.reverses is not None:
            tags.append(f"reverses:{entry.reverses}")
        if entry.metadata != "{}":
            tags.append(f"metadata:{quote(entry.metadata, safe=_PLAIN)}")
        return (
            f"\n{entry.business_date} * ({entry.reference}) {entry.kind}\n"
            f"    ; {', '.join(tags)}\n"
            f"    {hledger_name(entry.debit_type, entry.debit)}  {entry.currency} {yuan(entry.amount_fen)}\n"
            f"    {hledger_name(entry.credit_type, entry.credit)}  {entry.currency} {yuan(-entry.amount_fen)}\n"
        )

    def closing(self, held: Held) -> str:
        """An account's declaration, and what it must hold at the end. `=` speaks of the account without those below it."""
        self._currencies.add(held.currency)
        name = hledger_name(held.type, held.code)
        return (
            f"\naccount {name}  ; family:{held.family}\n"
            f"{self.period.last} * closing balance\n"
            f"    {name}  {held.currency} 0.00 = {held.currency} {yuan(held.debit_fen)}\n"
        )

    def tail(self) -> str:
        """The commodities, the account that opening balances stand against, which must come to nothing, and the end."""
        lines = [f"\naccount {HLEDGER_OPENING}\n"]
        for currency in sorted(self._currencies):
            lines.append(f"commodity {currency} 1000.00\n")
            lines.append(
                f"{self.period.last} * closing balance\n    {HLEDGER_OPENING}  {currency} 0.00 = {currency} 0.00\n"
            )
        lines.append(f"; End: {self._transfers} transfers.\n")
        return "".join(lines)
