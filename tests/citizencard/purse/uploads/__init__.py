"""Uploads of taps."""
