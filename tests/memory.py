"""Where files lie that live no longer than a run of the tests: in memory where there is room, since each fsync costs there nothing."""

import shutil
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 # everybody makes a folder of his own in it and removes it
ROOM_BYTES = 3 << 30
"""A run's databases take about a third of this."""


def folder_in_memory() -> Path | None:
    """The file system in memory; None, which means the usual place for temporary files, where it is missing or small."""
    if SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free >= ROOM_BYTES:
        return SHARED_MEMORY
    return None
