"""Workstations and their reader agents."""
