"""CREATE FILE, ERASE DF and WRITE KEY in both directions."""

import pytest

from hardware.card import administration, card_making
from hardware.card.apdu import CommandApdu
from hardware.card.profile import CardProfile, FileSpec
from hardware.errors import MalformedCardData
from tests.vectors import key_writing_regression as v

FILES = [*CardProfile().purse_files, CardProfile().purse_directory]


@pytest.mark.parametrize("spec", FILES, ids=lambda spec: f"{spec.fid:04X}")
def test_every_file_of_the_profile_is_created_and_read(spec: FileSpec) -> None:
    """What the issuer creates is what the chip makes."""
    command = spec.command()
    read = card_making.CreateFile.from_command(command)
    assert (read.fid, read.body) == (spec.fid, spec.body)
    assert read.command() == command


def test_the_regression_sets_key_is_read() -> None:
    """The chip takes apart what the vault has sealed, and shows nothing of it."""
    command = CommandApdu.from_bytes(v.WRITE_CMK)
    read = card_making.WriteKey.from_command(command)
    assert (read.p1, read.kid, len(read.content)) == (0x39, 0, 24)
    assert read.command() == command
    assert read.content.hex() not in repr(read)
    assert card_making.EraseDirectory.from_command(administration.erase_directory()) == card_making.EraseDirectory()


def test_plain_keys_have_a_form_too() -> None:
    """A chip that is asked to take a key in clear can say no in its own words."""
    plain = card_making.WriteKey(1, 2, bytes(21), None)
    assert plain.command().header() == bytes.fromhex("80D40102")
    assert card_making.WriteKey.from_command(plain.command()) == plain


def test_half_a_cryptogram_is_refused() -> None:
    """A key that was cut on the way is never written."""
    for command in (
        CommandApdu(0x84, 0xD4, 1, 0, bytes(27)),
        CommandApdu(0x80, 0xD4, 1, 0),
        CommandApdu(0x80, 0x0E, 0, 0, b"x"),
    ):
        kind = card_making.EraseDirectory if command.ins == 0x0E else card_making.WriteKey
        with pytest.raises(MalformedCardData):
            kind.from_command(command)
