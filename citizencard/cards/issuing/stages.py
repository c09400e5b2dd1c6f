"""Personalisation as a list of stages: each sends one protected command, for which the chip gave a fresh challenge.

Which stage comes next depends only on the number in the job's state, so the list is built anew for every step and nothing secret is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from citizencard.keys.hsm import CardKeyHolder, Hsm, KeyRole
from hardware.card.administration import DirectoryBody
from hardware.card.apdu import CommandApdu
from hardware.card.dialect import OUR_CARD, Dialect
from hardware.card.profile import CONTROL_KID, PIN_KID, FileSpec, KeySlot
from hardware.card.purse import external_authenticate, get_challenge, select_application

AUTHENTICATION_CHALLENGE: Final = 8
FILE_EXISTS: Final = 0x6A89
UPDATE_BINARY: Final = bytes.fromhex("04D6")
UPDATE_RECORD: Final = bytes.fromhex("04DC")
WRITE_KEY: Final = bytes.fromhex("84D4")
ADD_KEY: Final = 0x01

Before = tuple[CommandApdu, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """One protected command.

    Args:
        command: builds it from the chip's challenge.
        challenge_bytes: how long a challenge it needs.
        before: plain commands that go before the challenge is asked for.
        tolerated: status words that mean the same as success here.
        tick: what is achieved when the chip has carried it out; empty for no news.
    """

    command: Callable[[bytes], CommandApdu]
    challenge_bytes: int
    before: Before = ()
    tolerated: frozenset[int] = frozenset()
    tick: str = ""

    def opening(self) -> tuple[CommandApdu, ...]:
        """What goes before the command; the last answer is the challenge."""
        return (*self.before, get_challenge(self.challenge_bytes))


@dataclass(frozen=True, slots=True)
class Writer:
    """Makes stages for one chip out of what the vault answers, as the chip's dialect wants them."""

    hsm: Hsm
    holder: CardKeyHolder
    dialect: Dialect = OUR_CARD

    def authenticate(self, role: KeyRole, before: Before = (), tick: str = "") -> Stage:
        """Prove one of the chip's control keys to it."""
        return Stage(
            lambda challenge: external_authenticate(self.hsm.authentication(role, self.holder, challenge), CONTROL_KID),
            AUTHENTICATION_CHALLENGE,
            before,
            tick=tick,
        )

    def write_key(
        self, slot: KeySlot, before: Before = (), *, replace: bool = False, tolerated: frozenset[int] = frozenset()
    ) -> Stage:
        """Write one key of the profile, encrypted and MACed under the key that the profile names."""
        return Stage(
            lambda challenge: self.hsm.protected_key_command(
                slot.header(replace=replace, form=self.dialect.write_key_p1),
                KeyRole(slot.role),
                KeyRole(slot.under),
                self.holder,
                challenge,
            ),
            self.dialect.challenge_bytes,
            before,
            tolerated,
            tick=f"key {slot.role}",
        )

    def write_pin(self, record: bytes, under: KeyRole) -> Stage:
        """Write the PIN record of the current application."""
        header = WRITE_KEY + bytes((ADD_KEY, PIN_KID))
        return self._protected(header, lambda: record, under, "PIN")

    def write_binary(self, file: int, data: Callable[[], bytes], under: KeyRole) -> Stage:
        """Fill a binary file of the current application, named by its short id."""
        return self._protected(UPDATE_BINARY + bytes((0x80 | file, 0)), data, under, f"file {file:02X}")

    def write_record(self, file: int, number: int, data: Callable[[], bytes], under: KeyRole) -> Stage:
        """Write record `number` of a record file of the current application."""
        return self._protected(UPDATE_RECORD + bytes((number, file << 3 | 4)), data, under, "")

    def _protected(self, header: bytes, data: Callable[[], bytes], under: KeyRole, tick: str) -> Stage:
        return Stage(
            lambda challenge: self.hsm.protected_command(header, data(), under, self.holder, challenge),
            self.dialect.challenge_bytes,
            tick=tick,
        )


def make_directory(directory: FileSpec, files: Sequence[FileSpec]) -> Before:
    """Create an application, select it by its name, and create its files.

    Raises:
        TypeError: the profile's directory is none.
    """
    if not isinstance(directory.body, DirectoryBody):
        raise TypeError("not a directory")
    return (directory.command(), select_application(directory.body.name), *(file.command() for file in files))
