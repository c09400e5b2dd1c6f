"""Workstations with a reader agent: paired, confirmed, steps signed for them."""
