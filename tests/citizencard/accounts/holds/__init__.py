"""Holds, from the claim to the books."""
