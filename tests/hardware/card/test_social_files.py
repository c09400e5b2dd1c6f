"""Records of any social-security card."""

import pytest

from hardware.card import social_files
from hardware.card.profile import SSSE_AID
from hardware.card.social_files import SocialRecord
from hardware.errors import MalformedCardData
from tests.vectors import card_samples


def test_real_records_are_shown() -> None:
    """Card id and version of a card in the field are read; so is a person's name, which is in no repr."""
    assert SocialRecord.decode(card_samples.SOCIAL_CARD_ID_RECORD).shown() == (
        "card_id",
        "330300D15600000599110145FFFFFFFF",
    )
    assert SocialRecord.decode(card_samples.SOCIAL_VERSION_RECORD).shown() == ("version", "3.00")
    name = SocialRecord(0x09, "王小明".encode("gbk").ljust(30, b"\x00"))
    assert name.shown() == ("name", "王小明")
    assert "9" in repr(name)
    assert name.value.hex()[:8] not in repr(name)
    assert SocialRecord(0x05, bytes.fromhex("20260101")).shown() == ("issued", "2026-01-01")
    assert SocialRecord(0x06, b"\xff" * 4).shown() == ("expires", "")
    assert SocialRecord(0x0C, b"\x11\x01\x05").shown() == ("birthplace", "110105")


def test_names_of_applications() -> None:
    """The applications of the standard are selected by their names."""
    assert SSSE_AID == social_files.SOCIAL_DDF
    assert social_files.SOCIAL_DDF_SM[:7] == b"sx2.sh."
    assert social_files.PKI_APPLICATION.decode("gbk") == "PKI.社会保障"
    assert [each.name.hex().upper() for each in social_files.APPLICATIONS][3] == "D15600000503"


def test_records_are_asked_by_index_and_by_tag() -> None:
    """Both ways that readers use: 00 B2 idx 04 00 and 00 B2 tag 00 len."""
    assert social_files.read_by_index(None, 3).command().to_bytes() == bytes.fromhex("00B2030400")
    assert social_files.read_by_tag(None, 0x08).command().to_bytes() == bytes.fromhex("00B2080014")
    assert len(social_files.public_questions()) == 7
    assert len(social_files.person_questions()) == 7


def test_what_is_no_record_is_refused() -> None:
    """Unknown tags, wrong lengths and days that are none are not shown as something."""
    for record in (SocialRecord(0x33, b"x"), SocialRecord(0x05, b"x"), SocialRecord(0x05, b"\x99" * 4)):
        with pytest.raises(MalformedCardData):
            record.shown()
    for raw in (b"", b"\x05", b"\x05\x01", b"\x00\x00", b"\x05\x01xx"):
        with pytest.raises(MalformedCardData):
            SocialRecord.decode(raw)
    with pytest.raises(MalformedCardData):
        SocialRecord(0, b"").encode()
    with pytest.raises(MalformedCardData):
        social_files.read_by_tag(5, 0x33)
