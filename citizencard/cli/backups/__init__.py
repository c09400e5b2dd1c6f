"""Backups: database and vault as two parts for two hands, and the way back from them."""
