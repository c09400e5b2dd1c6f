"""Residents' logins."""
