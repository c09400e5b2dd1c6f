"""How T=0 carries a command (ISO 7816-3): five bytes of header, data in one direction only, the answer fetched by GET RESPONSE."""

from typing import Final

from hardware.card.apdu import HEADER_BYTES, MAX_LE, CommandApdu
from hardware.errors import MalformedCardData

T0_HEADER_BYTES: Final = 5


def as_t0(command: CommandApdu) -> CommandApdu:
    """The command as T=0 can carry it: one with data loses its Le, since its answer is fetched by GET RESPONSE.

    Raises:
        MalformedCardData: an extended command, which T=0 does not carry.
    """
    if command.extended:
        raise MalformedCardData("T=0", "does not carry extended lengths")
    if command.data and command.le is not None:
        return CommandApdu(command.cla, command.ins, command.p1, command.p2, command.data)
    return command


def t0_bytes(command: CommandApdu) -> bytes:
    """What goes over the contacts: CLA INS P1 P2 P3, and the data. P3 is Lc, or Le, or 00 when there is neither.

    Raises:
        MalformedCardData: an extended command.
    """
    sent = as_t0(command)
    if sent.data:
        return sent.to_bytes()
    return sent.header() + bytes(((sent.le or 0) % MAX_LE,))


def command_from_t0(raw: bytes, *, incoming: bool) -> CommandApdu:
    """Read what came over the contacts.

    Args:
        raw: the five bytes and the data.
        incoming: whether the instruction brings data to the card; T=0 does not say so, and P3 means Lc or Le by it.

    Raises:
        MalformedCardData: another length than P3 says.
    """
    if len(raw) < T0_HEADER_BYTES:
        raise MalformedCardData("T=0", f"{len(raw)} bytes, a header has {T0_HEADER_BYTES}")
    cla, ins, p1, p2, p3 = raw[:T0_HEADER_BYTES]
    data = raw[T0_HEADER_BYTES:]
    if len(data) != (p3 if incoming else 0):
        raise MalformedCardData("T=0", f"P3 {p3:02X} but {len(data)} bytes follow its header of {HEADER_BYTES + 1}")
    if incoming:
        return CommandApdu(cla, ins, p1, p2, data)
    return CommandApdu(cla, ins, p1, p2, le=p3 or MAX_LE)
