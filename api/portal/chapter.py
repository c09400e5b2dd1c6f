"""All pages of the portal, ready to be opened by the application."""

from typing import Final

from api.portal import account, bills, cards, households, losses, payments, receipts, register, start, top_ups
from api.portal.blueprint import pages, steps

VIEWS: Final = (account, bills, cards, households, losses, payments, receipts, register, start, top_ups)
CHAPTERS: Final = (pages, steps)
