"""A process that can see a key leaves no trace of its memory: no core dump, no debugger of the same user."""

import ctypes
import resource
import sys
from typing import Final

from citizencard.keys.errors import ProcessNotHardened

_PR_GET_DUMPABLE: Final = 3
_PR_SET_DUMPABLE: Final = 4


def harden_process() -> None:
    """Switch core dumps off and make the process non-dumpable; called before a vault is opened. May be called again.

    Raises:
        ProcessNotHardened: the system refuses. (Non-dumpable exists on Linux only; elsewhere core dumps alone are switched off.)
    """
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError) as refusal:
        raise ProcessNotHardened("core dumps cannot be switched off") from refusal
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        if prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 or prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) != 0:
            raise ProcessNotHardened("the process cannot be made non-dumpable")
