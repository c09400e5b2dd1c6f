"""Receipts (电子回单): issued once for a payment, verified by anybody who holds the code."""
