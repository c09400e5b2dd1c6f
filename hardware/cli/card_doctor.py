"""`citizencard-card doctor`: what a reader needs on this machine, what of it is missing, and how to get it."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

import click

from hardware.cli.card_source import ending
from hardware.cli.endings import REFUSED
from hardware.emulator.pcscd import CLIENT_VARIABLE, DRIVER, PCSCD
from hardware.errors import HardwareError
from hardware.readers.errors import ReaderLibraryMissing
from hardware.readers.pcsc import NO_LIBRARY
from hardware.readers.watch import ReaderState, look

State = Literal["ok", "missing", "hint"]

SOCKET: Final = "/run/pcscd/pcscd.comm"
CONNECT_TIMEOUT_S: Final = 3
CCID: Final = "/usr/lib/pcsc/drivers/ifd-ccid.bundle"
USB_DEVICES: Final = "/sys/bus/usb/devices"
USB_CLASS_FILE: Final = "bInterfaceClass"
USB_SMART_CARD: Final = "0b"
MAX_USB_DEVICES: Final = 1_024
NFC_MODULES: Final = ("pn533_usb", "pn533", "port100")
KERNEL_MODULES: Final = "/sys/module"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked for, and what to do about it.

    Args:
        what: looked for.
        state: `missing` keeps readers from working; a `hint` does not, or not for certain.
        said: what was found.
        how: what to do; empty when all is well.
    """

    what: str
    state: State
    said: str
    how: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def doctor(*, as_json: bool) -> None:
    """Say what is missing for card readers on this machine, and how to get it.

    Exit code: 0 a reader can be used, 1 something is missing.
    """
    with ending():
        findings = list(examine())
        if as_json:
            click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
        else:
            for finding in findings:
                click.echo(f"{finding.state:8} {finding.what}: {finding.said}")
                if finding.how:
                    click.echo(f"{'':8} → {finding.how}")
        if any(finding.state == "missing" for finding in findings):
            sys.exit(REFUSED)


def examine() -> Iterator[Finding]:
    """Look at everything between a program and a card, the nearest first."""
    readers: tuple[ReaderState, ...] = ()
    refusal: HardwareError | None = None
    try:
        readers = look()
    except HardwareError as error:
        refusal = error
    yield _library(refusal)
    yield from _service(refusal)
    yield from _drivers()
    yield _readers(readers, refusal)
    yield from _usb(readers)


def _library(refusal: HardwareError | None) -> Finding:
    if isinstance(refusal, ReaderLibraryMissing):
        return Finding("pyscard", "missing", "the Python library is not installed", NO_LIBRARY.partition(": ")[2])
    return Finding("pyscard", "ok", "installed")


def _service(refusal: HardwareError | None) -> Iterator[Finding]:
    named = os.environ.get(CLIENT_VARIABLE)
    program = next((path for path in PCSCD if Path(path).exists()), None)
    if program is None and named is None:
        yield Finding("pcscd", "missing", "the PC/SC service is not installed", "sudo apt-get install pcscd")
        return
    path = Path(named or SOCKET)
    where = f"{path}" + (f" ({CLIENT_VARIABLE})" if named else "")
    state = _knock(path)
    if state == "denied":
        how = (
            "who may use readers is polkit's word (org.debian.pcsc-lite.access_pcsc): sit at the machine, or have root allow your group in"
            f" /etc/polkit-1/rules.d; you are in {_groups()}"
        )
        yield Finding("pcscd", "missing", f"no permission for its socket {where}", how)
    elif state == "nobody":
        start = "sudo systemctl enable --now pcscd.socket, or without systemd: sudo pcscd"
        yield Finding("pcscd", "missing", f"does not run: nobody listens on {where}", start)
    elif refusal is not None and not isinstance(refusal, ReaderLibraryMissing):
        how = "sudo systemctl restart pcscd; its log: journalctl -u pcscd, or sudo pcscd --foreground --debug"
        yield Finding("pcscd", "missing", f"runs and does not serve: {refusal}", how)
    else:
        yield Finding("pcscd", "ok", f"listens on {where}")


def _knock(path: Path) -> Literal["open", "denied", "nobody"]:
    """Whether the service's socket lets us in."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(CONNECT_TIMEOUT_S)
        try:
            probe.connect(str(path))
        except PermissionError:
            return "denied"
        except OSError:
            return "nobody"
    return "open"


def _drivers() -> Iterator[Finding]:
    if Path(CCID).exists():
        yield Finding("ccid", "ok", "the driver of USB readers is installed")
    else:
        yield Finding("ccid", "hint", "no driver of USB readers", "sudo apt-get install libccid, then restart pcscd")
    if Path(DRIVER).exists():
        yield Finding("vpcd", "ok", "the driver of virtual readers is installed")
    else:
        how = "only for emulated cards in a virtual reader: sudo apt-get install vsmartcard-vpcd"
        yield Finding("vpcd", "hint", "no driver of virtual readers", how)


def _readers(readers: tuple[ReaderState, ...], refusal: HardwareError | None) -> Finding:
    if readers:
        cards = sum(reader.card for reader in readers)
        return Finding("readers", "ok", f"{', '.join(reader.name for reader in readers)}; {cards} with a card")
    how = "plug one in; one that is plugged in and not seen may need another driver: apt-cache search pcsc driver"
    return Finding("readers", "missing", "nobody knows" if refusal else "none is plugged in", how)


def _usb(readers: tuple[ReaderState, ...]) -> Iterator[Finding]:
    """What the kernel sees, and what it may have taken for itself."""
    plugged = _usb_readers()
    if plugged and not readers:
        how = "restart pcscd; if it stays away, its log says why: sudo pcscd --foreground --debug"
        yield Finding("usb", "hint", f"{plugged} smart-card interfaces are plugged in, and pcscd shows none", how)
    taken = [name for name in NFC_MODULES if Path(KERNEL_MODULES, name).exists()]
    if taken:
        how = f"sudo modprobe -r {' '.join(taken)}; for good: 'blacklist {taken[0]}' in /etc/modprobe.d/nfc.conf"
        yield Finding("nfc", "hint", f"the kernel's own NFC driver ({taken[0]}) keeps such readers from pcscd", how)


def _usb_readers() -> int:
    found = 0
    folder = Path(USB_DEVICES)
    if not folder.is_dir():
        return 0
    for _, device in zip(range(MAX_USB_DEVICES), sorted(folder.iterdir()), strict=False):
        kind = device / USB_CLASS_FILE
        found += kind.exists() and kind.read_text(errors="replace").strip() == USB_SMART_CARD
    return found


def _groups() -> str:
    return "groups " + ", ".join(str(number) for number in os.getgroups())
