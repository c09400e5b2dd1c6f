"""Signing in and out of the console and the portal, a fresh one-time code, a new password."""
