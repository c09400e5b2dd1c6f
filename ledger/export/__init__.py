"""The books as files that other accounting programs read and check: hledger, Beancount, and a table with control totals."""

from ledger.export.period import Period, period_of
from ledger.export.writing import Format, export

__all__ = ["Format", "Period", "export", "period_of"]
