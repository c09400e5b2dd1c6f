"""The card maker of the demo city: blank chips with their transport keys, as they are delivered."""

import json
import secrets
from collections.abc import Sequence
from pathlib import Path

from demo.processes import command
from hardware.emulator.blanks import blank_card, blank_psam

CHIP_SERIAL_BYTES = 8


def make_blanks(environ: dict[str, str], paths: Sequence[Path], *, psam: bool = False) -> list[str]:
    """Make one blank chip a path, as an image file.

    The transport keys come from the test vault by the product's own command, in a file that lives for a moment: a real maker has the
    batch's master key and works them out by itself.

    Returns:
        The chip serials, 16 hexadecimal digits each, in the order of the paths.
    """
    serials = [secrets.token_hex(CHIP_SERIAL_BYTES).upper() for _ in paths]
    keys = paths[0].with_suffix(f".{secrets.token_hex(4)}.keys")
    try:
        command(environ, "keys", "make-blank-transport-keys", "--out", str(keys), *serials)
        known = {blank["chip_serial"]: blank["transport_key"] for blank in json.loads(keys.read_text())["blanks"]}
    finally:
        keys.unlink(missing_ok=True)
    for serial, path in zip(serials, paths, strict=True):
        make = blank_psam if psam else blank_card
        make(bytes.fromhex(serial), bytes.fromhex(known[serial])).save(path)
    return serials
