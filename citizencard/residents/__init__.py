"""Residents as users of the portal: registered with proof of their card, signed in."""
