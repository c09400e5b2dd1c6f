"""A SoftHSM of this test run's own: a module for real, its tokens in a temporary folder, with the PINs that tests know."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from citizencard.config import TokenPlace

MODULE: Final = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN: Final = "pin canary 2468"
SO_PIN: Final = "officer canary 1357"
MISSING: Final = (
    "The keys are tested against SoftHSM, a PKCS#11 token in software, and it is not here. Get it with `apt-get install softhsm2` "
    f"(it brings softhsm2-util and {MODULE})."
)


@dataclass(frozen=True)
class SoftHsm:
    """A folder of tokens."""

    folder: Path
    tool: str
    places: dict[str, Path] = field(default_factory=dict)

    @classmethod
    def start(cls, folder: Path) -> "SoftHsm":
        """Point this process, and those that it starts, at an empty folder of tokens.

        Raises:
            RuntimeError: SoftHSM is not installed; the message says how to get it.
        """
        tool = shutil.which("softhsm2-util")
        if not MODULE.exists() or tool is None:
            raise RuntimeError(MISSING)
        (folder / "tokens").mkdir()
        configuration = folder / "softhsm2.conf"
        configuration.write_text(
            f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        os.environ["SOFTHSM2_CONF"] = str(configuration)
        return cls(folder, tool)

    def token(self, label: str) -> TokenPlace:
        """Initialise a token, as its security officer does, and write its PIN into a file of mode 0600."""
        before = set((self.folder / "tokens").iterdir())
        subprocess.run(
            [self.tool, "--init-token", "--free", "--label", label, "--so-pin", SO_PIN, "--pin", PIN],
            check=True,
            capture_output=True,
            timeout=60,
        )
        (self.places[label],) = set((self.folder / "tokens").iterdir()) - before
        pin_file = self.folder / f"{label}.pin"
        pin_file.write_text(PIN + "\n")
        pin_file.chmod(0o600)
        return TokenPlace(MODULE, label, pin_file)

    def take_away(self, place: TokenPlace) -> None:
        """Pull the token out."""
        self.places[place.label].rename(self.folder / place.label)

    def bring_back(self, place: TokenPlace) -> None:
        """Plug the token in again."""
        (self.folder / place.label).rename(self.places[place.label])

    def environ(self, place: TokenPlace, realm: str = "test") -> dict[str, str]:
        """The settings of a server whose keys are in this token."""
        return {
            "SOFTHSM2_CONF": os.environ["SOFTHSM2_CONF"],
            "CITIZENCARD_HSM": "pkcs11",
            "CITIZENCARD_PKCS11_MODULE": str(place.module),
            "CITIZENCARD_PKCS11_TOKEN": place.label,
            "CITIZENCARD_PKCS11_PIN_FILE": str(place.pin_file),
            "CITIZENCARD_REALM": realm,
        }
