"""`python -m citizencard` is the command `citizencard`."""

from citizencard.cli import main

if __name__ == "__main__":
    main()
