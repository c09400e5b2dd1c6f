"""The pairing code: shown at the workstation, typed into the server's page, good for five minutes, five tries and one success."""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

from hardware.agent.errors import PairingCodeDead, PairingCodeWrong

CODE_LIFE: Final = timedelta(minutes=5)
MAX_TRIES: Final = 5
CODE_LENGTH: Final = 8
GROUP: Final = 4
ALPHABET: Final = (
    "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 signs, 40 bits a code; nothing that is mistaken for something else
)


class PairingCode:
    """One code and what is left of it; its `repr` does not show it.

    Args:
        now: when it is shown for the first time.
    """

    def __init__(self, now: datetime) -> None:
        signs = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        self._code = f"{signs[:GROUP]}-{signs[GROUP:]}"
        self._dies_at = now + CODE_LIFE
        self._tries_left = MAX_TRIES

    def __repr__(self) -> str:
        return f"PairingCode({self._tries_left} tries left, until {self._dies_at})"

    def shown(self) -> str:
        """The code for the person at the workstation, like `7KQ2-M9XA`."""
        return self._code

    def use(self, code: str, now: datetime) -> None:
        """Use the code up.

        Raises:
            PairingCodeDead: used, too old, or tried too often.
            PairingCodeWrong: another code; one try fewer is left.
        """
        if not self._tries_left or now >= self._dies_at:
            self._tries_left = 0
            raise PairingCodeDead("start the agent again to get a new code")
        self._tries_left -= 1
        if not hmac.compare_digest(code.encode(), self._code.encode()):
            raise PairingCodeWrong(self._tries_left)
        self._tries_left = 0
