"""Terminals: security modules and their numbers, who a terminal belongs to and since when, its key, its batches, what it has fetched."""
