"""The same TACs in C over libcrypto's DES functions; for comparison only, where there are a compiler and the headers."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.cards.records import CITY_KEY, Upload
from citizencard.keys.derivation import card_factor
from hardware.card.crypto import pad80

SOURCE: Final = Path(__file__).with_suffix(".c")
TIMEOUT_S: Final = 120


class NotMeasured(Exception):
    """It cannot be built here; the message says why."""


@dataclass(frozen=True, slots=True)
class CLoop:
    """The compiled loop and what it reads."""

    program: Path
    records: Path
    tacs: list[str]

    @classmethod
    def build(cls, folder: Path, upload: Upload) -> "CLoop":
        """Compile it, and write the records down.

        Raises:
            NotMeasured: no compiler, or no headers of libcrypto.
        """
        compiler = shutil.which("gcc") or shutil.which("cc")
        if compiler is None:
            raise NotMeasured("no C compiler: apt-get install gcc")
        program, records = folder / "libcrypto_loop", folder / "records"
        command = [compiler, "-O2", str(SOURCE), "-o", str(program), "-lcrypto"]
        # The machine's own compiler on a file of ours.
        built = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)  # noqa: S603
        if built.returncode:
            why = next((line for line in built.stderr.splitlines() if "error" in line), "the compiler refused")
            raise NotMeasured(f"{why}; apt-get install libssl-dev")
        content = b"".join(card_factor(one.card_serial) + pad80(one.tac_input) for one in upload.questions)
        records.write_bytes(CITY_KEY + content)
        return cls(program, records, [one.tac.hex() for one in upload.questions])

    def rates(self) -> tuple[float, float]:
        """TACs a second: diversified, folded and MACed; and the MAC alone, with its key schedule.

        Raises:
            AssertionError: they are not the records' TACs.
        """
        command = [self.program, self.records]
        # What `build` made.
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)  # noqa: S603
        first, *tacs = done.stdout.splitlines()
        if tacs != self.tacs:
            raise AssertionError("the loop in C computes other TACs")
        whole, alone = first.split()
        return float(whole), float(alone)
