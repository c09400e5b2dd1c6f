"""`/v1`: what staff and systems do. One module a resource; a view reads the request, asks the domain, and names the answer."""

from typing import Final

from api.v1 import (
    approvals,
    bills,
    books,
    cards,
    day_closes,
    findings,
    loads,
    merchants,
    online_accounts,
    parking_gates,
    payments,
    people,
    reader_agents,
    reader_jobs,
    sessions,
    staff,
    stock,
    tariffs,
    terminals,
    unloads,
)

FACES: Final = (
    sessions.face,
    staff.face,
    approvals.face,
    people.face,
    merchants.face,
    tariffs.face,
    terminals.face,
    parking_gates.face,
    stock.face,
    cards.face,
    reader_jobs.face,
    reader_agents.face,
    loads.face,
    unloads.face,
    online_accounts.face,
    findings.face,
    day_closes.face,
    books.face,
    bills.face,
    payments.face,
)
