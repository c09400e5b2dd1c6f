"""The PIN: VERIFY, CHANGE, RELOAD and UNBLOCK (ISO 7816-4, JR/T 0025).

A PIN travels as packed BCD: 123456 is 12 34 56. No value here shows a PIN in its repr.
All raise MalformedCardData for a PIN of other than 4 to 12 digits, and for a command of another form.
"""

from dataclasses import dataclass, field
from typing import Final, Self

from hardware.card.apdu import CommandApdu
from hardware.card.command_form import build, require_header
from hardware.card.crypto import MAC_BYTES, des_cbc_mac, fold_tac_key
from hardware.card.dialect import PinUnblockForm
from hardware.card.fixed import require
from hardware.card.protection import protect
from hardware.errors import MalformedCardData

SEPARATOR: Final = b"\xff"
PIN_MIN_DIGITS: Final = 4
PIN_MAX_DIGITS: Final = 12
PIN_MIN_BYTES, PIN_MAX_BYTES = 2, 6
PIN_CRYPTOGRAM_BYTES: Final = 8


def pack_pin(digits: str) -> bytes:
    """A PIN of 4 to 12 digits as packed BCD, 2 to 6 bytes; an odd number of digits is filled up with F.

    Raises:
        MalformedCardData: not digits, or too few or too many; the PIN is not in the message.
    """
    if not (digits.isascii() and digits.isdigit() and PIN_MIN_DIGITS <= len(digits) <= PIN_MAX_DIGITS):
        raise MalformedCardData("PIN", f"must be {PIN_MIN_DIGITS} to {PIN_MAX_DIGITS} digits")
    return bytes.fromhex(digits + "F" * (len(digits) % 2))


def unpack_pin(packed: bytes) -> str:
    """The digits of a packed PIN.

    Raises:
        MalformedCardData: not 2 to 6 bytes of digits, with at most one F at the end.
    """
    text = packed.hex()
    digits = text.removesuffix("f")
    if not PIN_MIN_BYTES <= len(packed) <= PIN_MAX_BYTES or not digits.isdecimal():
        raise MalformedCardData("PIN", "is not 2 to 6 bytes of packed digits")
    if pack_pin(digits) != packed:
        raise MalformedCardData("PIN", "is not in its one proper form")
    return digits


@dataclass(frozen=True, slots=True)
class VerifyPin:
    """VERIFY, 00 20 00 kid. Refusals: 63Cx wrong with x tries left, 6983 blocked, 6A88 no PIN here."""

    pin: str = field(repr=False)
    kid: int = 0

    def command(self) -> CommandApdu:
        """The command, no Le."""
        return build(bytes((0x00, 0x20, 0x00, self.kid)), pack_pin(self.pin))

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("VERIFY", command, bytes((0x00, 0x20, 0x00, command.p2)))
        return cls(unpack_pin(command.data), command.p2)


@dataclass(frozen=True, slots=True)
class ChangePin:
    """CHANGE PIN, 80 5E 01 kid: old ‖ FF ‖ new. Refusals: 63Cx the old one is wrong, 6983 blocked, 6A80 no separator."""

    old: str = field(repr=False)
    new: str = field(repr=False)
    kid: int = 0

    def command(self) -> CommandApdu:
        """The command, no Le."""
        return build(bytes((0x80, 0x5E, 0x01, self.kid)), pack_pin(self.old) + SEPARATOR + pack_pin(self.new))

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("CHANGE PIN", command, bytes((0x80, 0x5E, 0x01, command.p2)))
        old, separator, new = command.data.partition(SEPARATOR)
        if not separator:
            raise MalformedCardData("CHANGE PIN", "no separator between the old and the new PIN")
        return cls(unpack_pin(old), unpack_pin(new), command.p2)


@dataclass(frozen=True, slots=True)
class ReloadPin:
    """RELOAD PIN, 80 5E 00 kid: the issuer sets a new PIN and its tries.

    Refusals: 6988 wrong MAC, 6983 the reload key is blocked, 6A88.

    Args:
        pin: the new one.
        mac: 4 bytes, `reload_pin_mac`.
        kid: number of the PIN.
    """

    pin: str = field(repr=False)
    mac: bytes
    kid: int = 0

    def command(self) -> CommandApdu:
        """The command, no Le."""
        mac = require("RELOAD PIN", "MAC", self.mac, MAC_BYTES)
        return build(bytes((0x80, 0x5E, 0x00, self.kid)), pack_pin(self.pin) + mac)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("RELOAD PIN", command, bytes((0x80, 0x5E, 0x00, command.p2)))
        pin, mac = command.data[:-MAC_BYTES], command.data[-MAC_BYTES:]
        return cls(unpack_pin(pin), mac, command.p2)


@dataclass(frozen=True, slots=True)
class UnblockPin:
    """PIN UNBLOCK, 84 24: the known PIN gets its tries back.

    Refusals: 6984 no challenge, 6988 wrong MAC, 6983 the unblock key is blocked, 6A80 another PIN inside.

    Args:
        cryptogram: 8 bytes, 3DES under DPUK of length ‖ PIN ‖ 80 00….
        mac: 4 bytes over header and cryptogram.
        kid: number of the PIN.
        form: where the header has the number; with kid 0 both are the same bytes.
    """

    cryptogram: bytes
    mac: bytes
    kid: int = 0
    form: PinUnblockForm = PinUnblockForm.KID_IN_P2

    def command(self) -> CommandApdu:
        """The command, no Le."""
        data = require("PIN UNBLOCK", "cryptogram", self.cryptogram, PIN_CRYPTOGRAM_BYTES)
        return build(unblock_header(self.kid, self.form), data + require("PIN UNBLOCK", "MAC", self.mac, MAC_BYTES))

    @classmethod
    def from_command(cls, command: CommandApdu, form: PinUnblockForm = PinUnblockForm.KID_IN_P2) -> Self:
        """Read the command as a card of this form does."""
        kid = command.p2 if form is PinUnblockForm.KID_IN_P2 else command.p1
        require_header("PIN UNBLOCK", command, unblock_header(kid, form))
        if len(command.data) != PIN_CRYPTOGRAM_BYTES + MAC_BYTES:
            raise MalformedCardData("PIN UNBLOCK", f"{len(command.data)} bytes, must be 12")
        return cls(command.data[:PIN_CRYPTOGRAM_BYTES], command.data[PIN_CRYPTOGRAM_BYTES:], kid, form)


def unblock_header(kid: int, form: PinUnblockForm = PinUnblockForm.KID_IN_P2) -> bytes:
    """CLA INS P1 P2 of PIN UNBLOCK in one of its two forms."""
    return bytes((0x84, 0x24, 0x00, kid)) if form is PinUnblockForm.KID_IN_P2 else bytes((0x84, 0x24, kid, 0x00))


def verify_pin(digits: str, kid: int = 0) -> CommandApdu:
    """VERIFY. Refusals of the card: 63Cx wrong with x tries left, 6983 blocked."""
    return VerifyPin(digits, kid).command()


def change_pin(old: str, new: str, kid: int = 0) -> CommandApdu:
    """CHANGE PIN, 80 5E 01: old ‖ FF ‖ new. Refusals: 63Cx the old one is wrong, 6983 blocked."""
    return ChangePin(old, new, kid).command()


def reload_pin(new: str, mac: bytes, kid: int = 0) -> CommandApdu:
    """RELOAD PIN, 80 5E 00: the issuer sets a new PIN and its tries; `mac` from `reload_pin_mac`."""
    return ReloadPin(new, mac, kid).command()


def reload_pin_mac(drpk16: bytes, new: str) -> bytes:
    """4-byte MAC of RELOAD PIN: DES-CBC-MAC of the packed PIN under left half xor right half of DRPK, from zeros."""
    return des_cbc_mac(fold_tac_key(drpk16), pack_pin(new))


def unblock_pin(
    pin: str,
    dpuk16: bytes,
    challenge: bytes,
    kid: int = 0,
    form: PinUnblockForm = PinUnblockForm.KID_IN_P2,
) -> CommandApdu:
    """PIN UNBLOCK, 84 24: the known PIN gets its tries back; encrypted and MACed under DPUK."""
    return protect(unblock_header(kid, form), pack_pin(pin), dpuk16, challenge, encrypt=True)
