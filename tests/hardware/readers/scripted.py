"""A card that answers from a list, for tests of what stands around a card."""

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.errors import CardRemoved


class ScriptedCard:
    """Answers what was written down for a command, by its bytes; 6D00 to everything else. An answer of None is a card that left."""

    def __init__(self, atr: str, answers: dict[str, str | None]) -> None:
        self.atr = bytes.fromhex(atr)
        self._answers = answers
        self.resets = 0

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        answer = self._answers.get(command.to_bytes().hex().upper(), "6D00")
        if answer is None:
            raise CardRemoved("pulled")
        return ResponseApdu.from_bytes(bytes.fromhex(answer))

    def reset(self) -> bytes:
        self.resets += 1
        return self.atr
