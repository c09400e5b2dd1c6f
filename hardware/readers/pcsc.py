"""The child process that speaks PC/SC (pcscd on Linux, the system's own service elsewhere): one process for one conversation.

A call into the service may block without limit, and the service may die at any moment; so the caller, `hardware.readers.process`, holds
the deadline and ends this process when it is over. This file is run by its path and needs nothing of ours; nothing else imports pyscard.

One JSON line in, one out. Requests are `{"do": …}` with `list`, `wait` (reader, seconds, card: whether one is to come or to go), `connect`
(reader), `transmit` (apdu), `status`, `end`; `reader` is the beginning of a reader's name, empty for any. A refusal is
`{"refused": slug, "because": sentence}`. Codes are those of the PC/SC Workgroup's part 5 as pcsclite.h lists them. A closed standard input
ends the process at once, even out of a call that blocks.
"""

import json
import os
import queue
import sys
import threading
import time
from typing import Any, Final

MAX_LINE_BYTES: Final = 4_096
MAX_READERS: Final = 32
MAX_WAIT_S: Final = 3_600
SHORT_CASE_4_MIN_BYTES: Final = 7  # header, Lc, one byte of data, Le
HEADER_AND_LC_BYTES: Final = 5
NEW_READERS: Final = "\\\\?PnP?\\Notification"  # a name that stands for readers coming and going
UNSIGNED: Final = 0xFFFF_FFFF
NO_LIBRARY: Final = (
    "pyscard is not installed: pip install 'pyscard>=2.3,<3' (builds with gcc libpcsclite-dev python3-dev)"
)

SUCCESS: Final = 0
TIMEOUT: Final = 0x8010_000A
NO_READERS: Final = 0x8010_002E
REFUSALS: Final = {
    0x8010_0001: ("no_service", "the PC/SC service broke off the conversation"),  # F_INTERNAL_ERROR
    0x8010_0003: ("card_removed", "the PC/SC service was restarted"),  # E_INVALID_HANDLE
    0x8010_0009: ("no_reader", "the reader was unplugged"),  # E_UNKNOWN_READER
    0x8010_000B: ("reader_busy", "another program holds the card"),  # E_SHARING_VIOLATION
    0x8010_000C: ("no_reader", "no card in the reader"),  # E_NO_SMARTCARD
    0x8010_000F: ("card_mute", "the card speaks no protocol of the reader"),  # E_PROTO_MISMATCH
    0x8010_0013: ("no_service", "the PC/SC service broke off the conversation"),  # F_COMM_ERROR
    0x8010_0016: ("card_removed", "the card gave no answer"),  # E_NOT_TRANSACTED
    0x8010_0017: ("no_reader", "the reader was unplugged"),  # E_READER_UNAVAILABLE
    0x8010_001D: ("no_service", "the PC/SC service does not run; on Debian: apt-get install pcscd"),  # E_NO_SERVICE
    0x8010_001E: ("no_service", "the PC/SC service has stopped"),  # E_SERVICE_STOPPED
    NO_READERS: ("no_reader", "no reader is plugged in"),
    0x8010_0065: ("card_mute", "the reader does not know this kind of card"),  # W_UNSUPPORTED_CARD
    0x8010_0066: ("card_mute", "the card does not speak: upside down, or dirty"),  # W_UNRESPONSIVE_CARD
    0x8010_0067: ("card_removed", "the card has no power"),  # W_UNPOWERED_CARD
    0x8010_0068: ("card_removed", "another program reset the card"),  # W_RESET_CARD
    0x8010_0069: ("card_removed", "the card was pulled out"),  # W_REMOVED_CARD
}


class _Refused(Exception):
    """The service, the reader or the card says no."""

    def __init__(self, slug: str, because: str) -> None:
        self.slug = slug
        self.because = because
        super().__init__(because)


class Conversation:
    """With the service, and with one card.

    Raises:
        ImportError: pyscard is not installed.
    """

    def __init__(self) -> None:
        from smartcard import scard  # noqa: PLC0415 # only who has a PC/SC reader needs the library

        self._scard: Any = scard
        self._context: Any = None
        self._card: Any = None
        self._protocol = 0

    def take(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out a request.

        Raises:
            _Refused: it was refused.
        """
        match request:
            case {"do": "list"}:
                return {"readers": self._readers("")}
            case {"do": "wait", "reader": str(name), "seconds": int(seconds), "card": bool(card)}:
                return {"readers": self._wait(name, min(seconds, MAX_WAIT_S), card=card)}
            case {"do": "connect", "reader": str(name)}:
                return self._connect(name)
            case {"do": "transmit", "apdu": str(apdu)}:
                return {"response": self._transmit(bytes.fromhex(apdu))}
            case {"do": "status"}:
                self._checked(*self._scard.SCardStatus(self._connected()))
                return {}
        raise _Refused("reader_failed", "no such request")

    def end(self) -> None:
        """Take the power from the card and let go of the reader."""
        if self._card is not None:
            self._scard.SCardDisconnect(self._card, self._scard.SCARD_UNPOWER_CARD)
        if self._context is not None:
            self._scard.SCardReleaseContext(self._context)

    def _readers(self, beginning: str) -> list[str]:
        if self._context is None:
            self._context = self._checked(*self._scard.SCardEstablishContext(self._scard.SCARD_SCOPE_SYSTEM))[0]
        code, names = self._scard.SCardListReaders(self._context, [])
        if code & UNSIGNED == NO_READERS:
            return []
        self._checked(code)
        return [name for name in names if name.startswith(beginning)][:MAX_READERS]

    def _states(self, readers: list[str]) -> list[tuple[str, int]]:
        """What is in each reader now."""
        if not readers:
            return []
        asked = [(name, self._scard.SCARD_STATE_UNAWARE) for name in readers]
        (states,) = self._checked(*self._scard.SCardGetStatusChange(self._context, 0, asked))
        return [(name, state) for name, state, _ in states]

    def _with_card(self, states: list[tuple[str, int]]) -> list[str]:
        return [name for name, state in states if state & self._scard.SCARD_STATE_PRESENT]

    def _wait(self, beginning: str, seconds: int, *, card: bool) -> list[str]:
        """Sleep inside the service until a card is there, or none; woken only by readers and cards that come and go."""
        deadline = time.monotonic() + seconds
        while True:
            states = self._states(self._readers(beginning))
            found = self._with_card(states)
            if bool(found) == card:
                return found
            left_ms = int((deadline - time.monotonic()) * 1_000)
            if left_ms <= 0:
                raise _Refused("no_reader", "no card came in time" if card else "the card was not taken out in time")
            changed = self._scard.SCARD_STATE_CHANGED
            known = [(name, state & ~changed) for name, state in states]
            watched = [*known, (NEW_READERS, self._scard.SCARD_STATE_UNAWARE)]
            code, _ = self._scard.SCardGetStatusChange(self._context, left_ms, watched)
            if code & UNSIGNED != TIMEOUT:
                self._checked(code)

    def _connect(self, beginning: str) -> dict[str, Any]:
        """Have the one card to oneself, freshly reset."""
        scard = self._scard
        readers = self._readers(beginning)
        if not readers:
            raise _Refused(
                "no_reader",
                f"no reader whose name begins with {beginning!r}" if beginning else "no reader is plugged in",
            )
        found = self._with_card(self._states(readers))
        if not found:
            raise _Refused("no_reader", "no card in the reader")
        if len(found) > 1:
            raise _Refused("no_reader", f"cards in {len(found)} readers: take one out, or name the reader")
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        exclusive = scard.SCARD_SHARE_EXCLUSIVE
        self._card, _ = self._checked(*scard.SCardConnect(self._context, found[0], exclusive, protocols))
        cold = scard.SCARD_UNPOWER_CARD
        (self._protocol,) = self._checked(*scard.SCardReconnect(self._card, exclusive, protocols, cold))
        _, _, _, atr = self._checked(*scard.SCardStatus(self._card))
        return {"reader": found[0], "atr": bytes(atr).hex()}

    def _transmit(self, apdu: bytes) -> str:
        scard = self._scard
        card = self._connected()
        if self._protocol == scard.SCARD_PROTOCOL_T0:
            apdu = without_le_of_case_4(apdu)
            kind = scard.SCARD_PCI_T0
        else:
            kind = scard.SCARD_PCI_T1
        (response,) = self._checked(*scard.SCardTransmit(card, kind, list(apdu)))
        return bytes(response).hex()

    def _connected(self) -> Any:  # noqa: ANN401 # a handle of the C library
        if self._card is None:
            raise _Refused("card_removed", "no card is connected")
        return self._card

    @staticmethod
    def _checked(code: int, *values: Any) -> tuple[Any, ...]:  # noqa: ANN401 # what the C library gives
        code &= UNSIGNED
        if code != SUCCESS:
            raise _Refused(*REFUSALS.get(code, ("reader_failed", f"PC/SC code {code:08X}")))
        return values


def without_le_of_case_4(apdu: bytes) -> bytes:
    """Over T=0 a command that brings data and asks for data travels without Le: GET RESPONSE fetches the answer (ISO/IEC 7816-3, 12.2)."""
    case_4 = len(apdu) >= SHORT_CASE_4_MIN_BYTES and len(apdu) == HEADER_AND_LC_BYTES + apdu[4] + 1
    return apdu[:-1] if case_4 else apdu


def main() -> None:
    """Serve requests until `end`, then leave at once: the thread that listens would hold an orderly exit up."""
    _serve()
    os._exit(0)


def _serve() -> None:
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    try:
        conversation = Conversation()
    except ImportError:
        _say({"refused": "no_library", "because": NO_LIBRARY})
        return
    while True:
        request = json.loads(requests.get())
        if request == {"do": "end"}:
            conversation.end()
            return
        try:
            _say(conversation.take(request))
        except _Refused as refused:
            _say({"refused": refused.slug, "because": refused.because})


def _listen(requests: queue.SimpleQueue[bytes]) -> None:
    """Take requests as they come. At the end of the input the caller has gone, and a call that blocks must not keep this process."""
    while line := sys.stdin.buffer.readline(MAX_LINE_BYTES):
        requests.put(line)
    os._exit(0)


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
