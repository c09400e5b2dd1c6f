"""Equipping devices: which security module is made for which device, and the four eyes that bind both to a merchant."""
