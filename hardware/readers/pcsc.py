"""The child process that speaks PC/SC (pcscd on Linux, the system's own service elsewhere): one process for one conversation.

A call into the service may block without limit, and the service may die at any moment; so the caller, `hardware.readers.process`, holds
the deadline and ends this process when it is over. This file is run by its path and needs nothing of ours; nothing else imports pyscard.

One JSON line in, one out. Requests are `{"do": …}` with `list`, `wait` (reader, seconds, card: whether one is to come or to go), `watch`
(ms: until something is otherwise than it was last told), `connect` (reader, shared), `transmit` (apdu), `hold` and `release` (the
transaction on a shared card), `resume` (after another program's reset), `reset` (cold), `status`, `end`; `reader` is the beginning of a
reader's name, empty for any. A refusal is `{"refused": slug, "because": sentence}`. Codes are those of the PC/SC Workgroup's part 5 as
pcsclite.h lists them. A closed standard input ends the process at once, even out of a call that blocks.
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
MAX_HOLD_TRIES: Final = 3
SHORT_CASE_4_MIN_BYTES: Final = 7  # header, Lc, one byte of data, Le
HEADER_AND_LC_BYTES: Final = 5
NEW_READERS: Final = "\\\\?PnP?\\Notification"  # a name that stands for readers coming and going
UNSIGNED: Final = 0xFFFF_FFFF
EVENT_SHIFT: Final = 16  # the upper half of a reader's state counts what happened in it
CONTACTLESS: Final = b"\x80\x01"  # TD1 and TD2 of every card behind a contactless reader (PC/SC part 3, 3.1.3.2.3)
NO_LIBRARY: Final = (
    "pyscard is not installed: pip install 'pyscard>=2.3,<3' (builds with gcc libpcsclite-dev python3-dev)"
)

NOT_COME: Final = "no card came in time"
NOT_GONE: Final = "the card was not taken out in time"

SUCCESS: Final = 0
TIMEOUT: Final = 0x8010_000A
PROTOCOL_MISMATCH: Final = 0x8010_000F
UNKNOWN_READER: Final = 0x8010_0009
RESET_CARD: Final = 0x8010_0068
NO_READERS: Final = 0x8010_002E
REFUSALS: Final = {
    0x8010_0001: ("no_service", "the PC/SC service broke off the conversation"),  # F_INTERNAL_ERROR
    0x8010_0003: ("card_removed", "the PC/SC service was restarted"),  # E_INVALID_HANDLE
    UNKNOWN_READER: ("reader_gone", "the reader was unplugged"),  # E_UNKNOWN_READER
    0x8010_000B: ("reader_busy", "another program holds the card"),  # E_SHARING_VIOLATION
    0x8010_000C: ("no_card", "no card in the reader"),  # E_NO_SMARTCARD
    PROTOCOL_MISMATCH: ("card_mute", "the card speaks no protocol of the reader"),  # E_PROTO_MISMATCH
    0x8010_0013: ("no_service", "the PC/SC service broke off the conversation"),  # F_COMM_ERROR
    0x8010_0016: ("card_removed", "the card gave no answer"),  # E_NOT_TRANSACTED
    0x8010_0017: ("reader_gone", "the reader was unplugged"),  # E_READER_UNAVAILABLE
    0x8010_001D: ("no_service", "the PC/SC service does not run; on Debian: apt-get install pcscd"),  # E_NO_SERVICE
    0x8010_001E: ("no_service", "the PC/SC service has stopped"),  # E_SERVICE_STOPPED
    NO_READERS: ("no_reader", "no reader is plugged in"),
    0x8010_0065: ("card_mute", "the reader does not know this kind of card"),  # W_UNSUPPORTED_CARD
    0x8010_0066: ("card_mute", "the card does not speak: upside down, or dirty"),  # W_UNRESPONSIVE_CARD
    0x8010_0067: ("card_removed", "the card has no power"),  # W_UNPOWERED_CARD
    RESET_CARD: ("reset_by_another", "another program reset the card: what was begun on it is gone"),  # W_RESET_CARD
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
        self._sharing = 0
        self._told: list[dict[str, Any]] | None = None

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
            case {"do": "watch", "ms": int(ms)}:
                return {"readers": self._watch(min(ms / 1_000, MAX_WAIT_S))}
            case {"do": "connect", "reader": str(name), **more}:
                return self._connect(name, shared=bool(more.get("shared")))
        return self._take_on_card(request)

    def _take_on_card(self, request: dict[str, Any]) -> dict[str, Any]:
        """Requests about the card that is connected."""
        scard = self._scard
        match request:
            case {"do": "transmit", "apdu": str(apdu)}:
                return {"response": self._transmit(bytes.fromhex(apdu))}
            case {"do": "status"}:
                self._checked(*scard.SCardStatus(self._connected()))
            case {"do": "hold"}:
                self._checked(scard.SCardBeginTransaction(self._connected()))
            case {"do": "release"}:
                self._checked(scard.SCardEndTransaction(self._connected(), scard.SCARD_LEAVE_CARD))
            case {"do": "resume"}:
                return self._reconnected(scard.SCARD_LEAVE_CARD)
            case {"do": "reset", "cold": bool(cold)}:
                return self._reconnected(scard.SCARD_UNPOWER_CARD if cold else scard.SCARD_RESET_CARD)
            case _:
                raise _Refused("reader_failed", "no such request")
        return {}

    def end(self) -> None:
        """Take the power from the card, or leave a shared one as it is, and let go of the reader."""
        if self._card is not None:
            shared = self._sharing == self._scard.SCARD_SHARE_SHARED
            last = self._scard.SCARD_LEAVE_CARD if shared else self._scard.SCARD_UNPOWER_CARD
            self._scard.SCardDisconnect(self._card, last)
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

    def _states(self, readers: list[str]) -> list[tuple[str, int, bytes]]:
        """What is in each reader now: name, state, and the ATR of a card."""
        if not readers:
            return []
        asked = [(name, self._scard.SCARD_STATE_UNAWARE) for name in readers]
        (states,) = self._checked(*self._scard.SCardGetStatusChange(self._context, 0, asked))
        return [(name, state, bytes(atr)) for name, state, atr in states]

    def _with_card(self, states: list[tuple[str, int, bytes]]) -> list[str]:
        return [name for name, state, _ in states if state & self._scard.SCARD_STATE_PRESENT]

    def _sleep(self, states: list[tuple[str, int, bytes]], deadline: float) -> bool:
        """Sleep inside the service until something is otherwise than `states`; False when the time is over."""
        left_ms = int((deadline - time.monotonic()) * 1_000)
        if left_ms <= 0:
            return False
        changed = self._scard.SCARD_STATE_CHANGED
        known = [(name, state & ~changed) for name, state, _ in states]
        watched = [*known, (NEW_READERS, self._scard.SCARD_STATE_UNAWARE)]
        code, _ = self._scard.SCardGetStatusChange(self._context, left_ms, watched)
        # A reader that was unplugged just now is missing from the next list.
        if code & UNSIGNED not in {TIMEOUT, UNKNOWN_READER}:
            self._checked(code)
        return True

    def _wait(self, beginning: str, seconds: int, *, card: bool) -> list[str]:
        """Sleep inside the service until a card is there, or none; woken only by readers and cards that come and go."""
        deadline = time.monotonic() + seconds
        while True:
            states = self._states(self._readers(beginning))
            found = self._with_card(states)
            if bool(found) == card:
                return found
            if not self._sleep(states, deadline):
                raise _Refused("no_card" if card else "no_reader", NOT_COME if card else NOT_GONE)

    def _watch(self, seconds: float) -> list[dict[str, Any]]:
        """What is in the readers, as soon as it is otherwise than last told, and else when the time is over."""
        deadline = time.monotonic() + seconds
        while True:
            states = self._states(self._readers(""))
            found = [self._told_of(*one) for one in states]
            if found != self._told or not self._sleep(states, deadline):
                self._told = found
                return found

    def _told_of(self, name: str, state: int, atr: bytes) -> dict[str, Any]:
        scard = self._scard
        return {
            "name": name,
            "card": bool(state & scard.SCARD_STATE_PRESENT),
            "mute": bool(state & scard.SCARD_STATE_MUTE),
            "in_use": bool(state & (scard.SCARD_STATE_INUSE | scard.SCARD_STATE_EXCLUSIVE)),
            "atr": atr.hex(),
            "events": (state & UNSIGNED) >> EVENT_SHIFT,
        }

    def _connect(self, beginning: str, *, shared: bool) -> dict[str, Any]:
        """Have the one card to oneself, freshly reset; or beside other programs, as it is."""
        scard = self._scard
        name, atr = self._one_card(beginning)
        self._sharing = scard.SCARD_SHARE_SHARED if shared else scard.SCARD_SHARE_EXCLUSIVE
        wanted = self._protocols(atr)
        code, card, protocol = scard.SCardConnect(self._context, name, self._sharing, wanted)
        if code & UNSIGNED == PROTOCOL_MISMATCH:  # a reader that cannot do what the card offers first
            wanted = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
            code, card, protocol = scard.SCardConnect(self._context, name, self._sharing, wanted)
        self._checked(code)
        self._card, self._protocol = card, protocol
        return {"reader": name, **self._reconnected(scard.SCARD_LEAVE_CARD if shared else scard.SCARD_UNPOWER_CARD)}

    def _one_card(self, beginning: str) -> tuple[str, bytes]:
        """The reader with a card in it whose name begins so, and the card's ATR."""
        readers = self._readers(beginning)
        if not readers:
            named = f"no reader whose name begins with {beginning!r}"
            raise _Refused("no_reader", named if beginning else "no reader is plugged in")
        states = self._states(readers)
        found = self._with_card(states)
        if not found:
            raise _Refused("no_card", "no card in the reader")
        if len(found) > 1:
            raise _Refused("several_cards", f"cards in {len(found)} readers: take one out, or name the reader")
        return found[0], next(atr for name, _, atr in states if name == found[0])

    def _protocols(self, atr: bytes) -> int:
        """The protocol that the card offers first, as a bit of the service."""
        bit: int = (self._scard.SCARD_PROTOCOL_T0, self._scard.SCARD_PROTOCOL_T1)[first_protocol(atr)]
        return bit

    def _reconnected(self, how: int) -> dict[str, Any]:
        """Connect once more, with or without a reset of the card, and see who answers."""
        scard = self._scard
        card = self._connected()
        for _ in range(MAX_HOLD_TRIES):  # others may reset a shared card again just now
            (self._protocol,) = self._checked(*scard.SCardReconnect(card, self._sharing, self._protocol, how))
            code, *status = scard.SCardStatus(card)
            if code & UNSIGNED != RESET_CARD:
                break
        self._checked(code)
        return {
            "atr": bytes(status[-1]).hex(),
            "protocol": "T=0" if self._protocol == scard.SCARD_PROTOCOL_T0 else "T=1",
        }

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


def first_protocol(atr: bytes) -> int:
    """0 or 1: the transmission protocol that an ATR offers first (ISO/IEC 7816-3, 8.2.3), and 1 for a card behind a contactless reader.

    A card that names none speaks T=0; an ATR that breaks off counts as far as it goes.
    """
    if atr[2:4] == CONTACTLESS:
        return 1
    position, more = 1, True
    while more and position < len(atr):
        indicator = atr[position]
        if position > 1 and indicator & 0x0F in {0, 1}:
            return indicator & 0x0F
        position += (indicator >> 4 & 0b0111).bit_count() + 1
        more = bool(indicator & 0x80)
    return 0


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
