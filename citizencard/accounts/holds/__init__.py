"""Holds on on-line accounts: money that a terminal reserves before it knows what the goods will cost."""
