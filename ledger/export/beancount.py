"""A ledger for Beancount (beancount.github.io, "Language Syntax", tried with 2.3.5): one transaction for each transfer.

Kind and reference are payee and narration, the rest is metadata. Assertions carry a tolerance of nothing: without it Beancount lets one
fen pass.
"""

from datetime import date, timedelta

from ledger.export.amounts import yuan
from ledger.export.names import BEANCOUNT_OPENING, beancount_name
from ledger.export.period import Period
from ledger.export.reading import Entry, Held
from ledger.instants import canonical


class BeancountWriter:
    """Writes a period for Beancount. `bean-check` then proves every balance at the end.

    Args:
        period: what is exported.
    """

    def __init__(self, period: Period) -> None:
        self.period = period
        self._currencies: set[str] = set()
        self._transfers = 0

    def head(self) -> str:
        """What the file is."""
        finality = "final" if self.period.final else "not final, the last day is still open"
        return (
            f"; Business days {self.period.first} to {self.period.last}: {finality}.\n"
            f"; Transfers {self.period.after_id + 1} to {self.period.cut_id} in recorded order.\n"
            f'option "title" "Business days {self.period.first} to {self.period.last}"\n'
        )

    def opening(self, held: Held) -> str:
        """What an account began with."""
        self._currencies.add(held.currency)
        return (
            f'\n{self.period.first} * "opening balance"\n'
            f"  {beancount_name(held.type, held.code)}  {yuan(held.debit_fen)} {held.currency}\n"
            f"  {BEANCOUNT_OPENING}  {yuan(-held.debit_fen)} {held.currency}\n"
        )

    def entry(self, entry: Entry) -> str:
        """One transfer."""
        self._transfers += 1
        self._currencies.add(entry.currency)
        lines = [
            f'\n{entry.business_date} * "{entry.kind}" "{entry.reference}"\n',
            f"  id: {entry.id}\n",
            f'  occurred: "{canonical(entry.occurred_at)}"\n',
            f'  recorded: "{canonical(entry.recorded_at)}"\n',
        ]
        if entry.journal is not None:
            lines.append(f'  journal: "{entry.journal}"\n')
        if entry.reverses is not None:
            lines.append(f"  reverses: {entry.reverses}\n")
        if entry.metadata != "{}":
            lines.append(f"  metadata: {_quoted(entry.metadata)}\n")
        lines.append(
            f"  {beancount_name(entry.debit_type, entry.debit)}  {yuan(entry.amount_fen)} {entry.currency}\n"
            f"  {beancount_name(entry.credit_type, entry.credit)}  {yuan(-entry.amount_fen)} {entry.currency}\n"
        )
        return "".join(lines)

    def closing(self, held: Held) -> str:
        """An account's opening in Beancount's sense, and what it must hold when the day after the period begins."""
        self._currencies.add(held.currency)
        name = beancount_name(held.type, held.code)
        return (
            f"\n{self.period.first} open {name} {held.currency}\n"
            f'  code: "{held.code}"\n'
            f'  family: "{held.family}"\n'
            f"{self._day_after} balance {name}  {yuan(held.debit_fen)} ~ 0.00 {held.currency}\n"
        )

    def tail(self) -> str:
        """The currency, the account that opening balances stand against, which must come to nothing, and the end."""
        currencies = sorted(self._currencies)
        lines = [f'option "operating_currency" "{currency}"\n' for currency in currencies]
        lines.append(f"{self.period.first} open {BEANCOUNT_OPENING} {','.join(currencies)}\n".replace(" \n", "\n"))
        lines += [f"{self._day_after} balance {BEANCOUNT_OPENING}  0.00 ~ 0.00 {currency}\n" for currency in currencies]
        return "\n" + "".join(lines) + f"; End: {self._transfers} transfers.\n"

    @property
    def _day_after(self) -> date:
        return self.period.last + timedelta(days=1)


def _quoted(content: str) -> str:
    escaped = content.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
