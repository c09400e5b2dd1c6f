"""Refusals that only a terminal can make; those it shares with the rest of the hardware are in `hardware.errors`."""

from typing import ClassVar

from hardware.errors import HardwareError


class DeviceTableInvalid(HardwareError):
    """The device table is not in a layout that this terminal can interpret.

    Args:
        offset: number of the byte at which it goes wrong, from 0.
        field: what stands there.
        reason: what is wrong with it.
    """

    code: ClassVar[str] = "device_table_invalid"
    public: ClassVar[tuple[str, ...]] = ("offset", "field", "reason")

    def __init__(self, offset: int, field: str, reason: str) -> None:
        """Build the message `device table, byte 4, layout: 2 is not known, must be 1`."""
        self.offset = offset
        self.field = field
        self.reason = reason
        super().__init__(f"device table, byte {offset}, {field}: {reason}")


class HotlistInvalid(HardwareError):
    """A download of the hotlist is not whole, or not for this device; the list that it has stays in force.

    Args:
        offset: number of the byte at which it goes wrong, from 0.
        field: what stands there.
        reason: what is wrong with it.
    """

    code: ClassVar[str] = "hotlist_invalid"
    public: ClassVar[tuple[str, ...]] = ("offset", "field", "reason")

    def __init__(self, offset: int, field: str, reason: str) -> None:
        """Build the message `hotlist, byte 4, layout: 2, must be 1`."""
        self.offset = offset
        self.field = field
        self.reason = reason
        super().__init__(f"hotlist, byte {offset}, {field}: {reason}")


class ClockNotSet(HardwareError):
    """The device's clock was never set, or was lost; it signs in first, and takes no card before."""

    code: ClassVar[str] = "clock_not_set"


class ModuleHotlisted(HardwareError):
    """The security module of this terminal is on the hotlist; the terminal goes out of service."""

    code: ClassVar[str] = "module_hotlisted"


class DeviceTableNotInForce(HardwareError):
    """The device table is not yet in force at the time of the tap."""

    code: ClassVar[str] = "device_table_not_in_force"
    public: ClassVar[tuple[str, ...]] = ("version",)

    def __init__(self, version: int) -> None:
        """Name the tariff version."""
        self.version = version
        super().__init__(f"tariff version {version} is not yet in force")


class UnknownLine(HardwareError):
    """The device table has no such line."""

    code: ClassVar[str] = "unknown_line"
    public: ClassVar[tuple[str, ...]] = ("line",)

    def __init__(self, line: int) -> None:
        """Name the line."""
        self.line = line
        super().__init__(f"the device table has no line {line}")


class UnknownCardClass(HardwareError):
    """The device table has no such card class."""

    code: ClassVar[str] = "unknown_card_class"
    public: ClassVar[tuple[str, ...]] = ("card_class",)

    def __init__(self, card_class: int) -> None:
        """Name the class byte as two hexadecimal digits."""
        self.card_class = card_class
        super().__init__(f"the device table has no card class {card_class:02X}")


class RideNotPriced(HardwareError):
    """The device table has no price for this ride.

    Args:
        line: its line.
        reason: what is missing.
    """

    code: ClassVar[str] = "ride_not_priced"
    public: ClassVar[tuple[str, ...]] = ("line", "reason")

    def __init__(self, line: int, reason: str) -> None:
        """Build the message `line 4: no price for a ride without exit`."""
        self.line = line
        self.reason = reason
        super().__init__(f"line {line}: {reason}")


class StayNotPriced(HardwareError):
    """The device table has no price for this stay in a lot.

    Args:
        lot: its lot.
        reason: what is missing.
    """

    code: ClassVar[str] = "stay_not_priced"
    public: ClassVar[tuple[str, ...]] = ("lot", "reason")

    def __init__(self, lot: str, reason: str) -> None:
        """Build the message `lot east_street: only the server can price it`."""
        self.lot = lot
        self.reason = reason
        super().__init__(f"lot {lot}: {reason}")


class PsamSequenceReused(HardwareError):
    """The security module gave a terminal sequence that was used before; the terminal goes out of service.

    Args:
        sequence: what the module gave.
        last: the highest sequence ever used here.
    """

    code: ClassVar[str] = "psam_sequence_reused"
    public: ClassVar[tuple[str, ...]] = ("sequence", "last")

    def __init__(self, sequence: int, last: int) -> None:
        """Name both."""
        self.sequence = sequence
        self.last = last
        super().__init__(f"the PSAM gave terminal sequence {sequence}, but {last} is already used")


class PsamMismatch(HardwareError):
    """The security module in the slot is not the one this terminal was set up with."""

    code: ClassVar[str] = "psam_mismatch"

    def __init__(self, what: str) -> None:
        """Say which of its numbers differs."""
        super().__init__(f"the PSAM in the slot has another {what} than this terminal")


class ReceiptInvalid(HardwareError):
    """The server's answer to a batch is not a receipt for that batch; nothing is deleted.

    Args:
        reason: which part is wrong.
    """

    code: ClassVar[str] = "receipt_invalid"
    public: ClassVar[tuple[str, ...]] = ("reason",)

    def __init__(self, reason: str) -> None:
        """Build the message `batch receipt: …`."""
        self.reason = reason
        super().__init__(f"batch receipt: {reason}")


class OutboxInvalid(HardwareError):
    """The outbox file cannot be used.

    Args:
        path: the file.
        reason: what is wrong with it.
    """

    code: ClassVar[str] = "outbox_invalid"
    public: ClassVar[tuple[str, ...]] = ("reason",)

    def __init__(self, path: object, reason: str) -> None:
        """Build the message `outbox.sqlite: …`."""
        self.path = str(path)
        self.reason = reason
        super().__init__(f"{self.path}: {reason}")


class DeviceInvalid(HardwareError):
    """The folder of a terminal cannot be used.

    Args:
        path: the folder or the file in it.
        reason: what is wrong with it; never content of a key.
    """

    code: ClassVar[str] = "device_invalid"
    public: ClassVar[tuple[str, ...]] = ("reason",)

    def __init__(self, path: object, reason: str) -> None:
        """Build the message `var/terminals/1: …`."""
        self.path = str(path)
        self.reason = reason
        super().__init__(f"{self.path}: {reason}")


class PsamAbsent(HardwareError):
    """The security module of the terminal gives no answer; the terminal goes out of service."""

    code: ClassVar[str] = "psam_absent"
