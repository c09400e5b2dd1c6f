"""Clearing: what the taps of cards and terminals say together that none of them says alone, and what is set aside for it."""
