"""The demo city's own small rules."""
