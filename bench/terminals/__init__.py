"""Terminals against the real server: uploads of a city's day, purchases on line, and the hotlist."""
