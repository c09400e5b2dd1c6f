"""Unloads (圈提): money taken off a chip, owed to its holder only once the chip has proved that it gave it."""
