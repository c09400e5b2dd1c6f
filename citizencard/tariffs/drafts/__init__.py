"""Proposed tariffs: kept word for word until a second person has decided."""
