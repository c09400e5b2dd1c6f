"""Parking: an entry paired with its exit, priced by the tariff, paid from the account."""
