"""All sign-in pages, ready to be opened by the application."""

from api.web.signing_in import residents, staff
from api.web.signing_in.blueprint import pages

__all__ = ["pages", "residents", "staff"]
