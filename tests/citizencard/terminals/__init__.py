"""Terminals, their bindings, keys and shifts."""
