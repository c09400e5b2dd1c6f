"""`python -m citizencard` is the command `citizencard`."""

from citizencard.cli import main

main()
