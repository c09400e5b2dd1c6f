"""Answers to SELECT of any card."""

import pytest

from hardware.card import tlv
from hardware.card.fci import DirectoryInformation, FileControlParameters, SelectedFile
from hardware.errors import MalformedCardData
from tests.vectors.card_samples import TUNION_FCI


def test_directories_and_files_introduce_themselves() -> None:
    """The payment directory names its directory file, an elementary file its type and id (62)."""
    directory = DirectoryInformation(b"1PAY.SYS.DDF01")
    assert directory.encode() == tlv.directory_fci(b"1PAY.SYS.DDF01")
    assert DirectoryInformation.decode(directory.encode()) == directory
    assert FileControlParameters(1, 0x0015).encode() == bytes.fromhex("620782010183020015")
    longer = bytes.fromhex("620B 82020178 83020015 8A0105")
    assert FileControlParameters.decode(longer) == FileControlParameters(1, 0x15)


def test_any_cards_answer_tells_what_it_can() -> None:
    """A card of another city, one with bytes of its maker's own, and one that answers nothing are all read."""
    read = SelectedFile.decode(TUNION_FCI)
    assert read.name == bytes.fromhex("A000000632010105")
    assert (len(read.public_data), read.version, read.fid) == (30, b"\x02", None)
    assert SelectedFile.decode(b"") == SelectedFile()
    assert SelectedFile.decode(FileControlParameters(1, 0x15).encode()).fid == 0x15
    own = tlv.Tlv(tlv.TAG_FCI, tlv.Tlv(tlv.TAG_PROPRIETARY, b"\x00\xff").encode()).encode()
    assert SelectedFile.decode(own) == SelectedFile()
    with pytest.raises(MalformedCardData):
        SelectedFile.decode(b"\x00")
