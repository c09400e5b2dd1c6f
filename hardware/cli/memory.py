"""A process that can see a key leaves no trace of its memory; as in `citizencard.keys.hardening`, which this package knows nothing of."""

import ctypes
import resource
import sys
from typing import Final

from hardware.agent.errors import ProcessNotHardened

_PR_SET_DUMPABLE: Final = 4


def hide_memory() -> None:
    """No core dump of this process and its children, and for this one no debugger of the same user. May be called again.

    Raises:
        ProcessNotHardened: the system refuses. (Debuggers are kept off on Linux only.)
    """
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):
        raise ProcessNotHardened("core dumps cannot be switched off") from None
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise ProcessNotHardened("the process cannot be made non-dumpable")
