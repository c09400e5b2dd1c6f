"""The server's commands: `citizencard …`."""

from citizencard.cli.root import main

__all__ = ["main"]
