"""Peers by their own API. These scripts run in the peers' own environment and import nothing of ours."""
