"""All pages of the console, ready to be opened by the application."""

from typing import Final

from api.console import (
    accounts,
    approvals,
    cards,
    finding_decisions,
    findings,
    loads,
    losses,
    merchant_money,
    merchants,
    people,
    reader_agents,
    reader_steps,
    refunds,
    replacements,
    start,
    tariff_drafts,
    tariffs,
    terminal_acts,
    terminals,
    unloads,
    upload_limits,
)
from api.console.blueprint import pages, steps

VIEWS: Final = (
    accounts,
    approvals,
    cards,
    finding_decisions,
    findings,
    loads,
    losses,
    merchant_money,
    merchants,
    people,
    reader_agents,
    reader_steps,
    refunds,
    replacements,
    start,
    tariff_drafts,
    tariffs,
    terminal_acts,
    terminals,
    unloads,
    upload_limits,
)
CHAPTERS: Final = (pages, steps)
