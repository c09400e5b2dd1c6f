"""Merchants and lines."""
