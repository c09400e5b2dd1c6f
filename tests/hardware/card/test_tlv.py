"""Data objects and the answer to SELECT."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.card import tlv
from hardware.errors import MalformedCardData
from tests.vectors.card_samples import TUNION_FCI

tags = st.one_of(
    st.integers(1, 0xFF).filter(lambda tag: tag & 0x1F != 0x1F),
    st.builds(
        lambda lead, low: (lead | 0x1F) << 8 | low, st.sampled_from([0x00, 0x40, 0x80, 0xE0]), st.integers(0, 0x7F)
    ),
)
objects = st.lists(st.builds(tlv.Tlv, tags, st.binary(max_size=300)), max_size=8)


@given(objects)
def test_data_objects_survive(elements: list[tlv.Tlv]) -> None:
    """What one side tells in data objects the other side reads."""
    assert tlv.parse(tlv.build(elements)) == elements


@given(st.binary(max_size=80))
def test_rubbish_is_refused_and_never_crashes(data: bytes) -> None:
    """Whatever a card answers is read or refused; what is read writes back to the same bytes."""
    try:
        elements = tlv.parse(data)
    except MalformedCardData:
        return
    assert tlv.build(elements) == data


def test_a_card_of_another_city_introduces_itself() -> None:
    """The FCI of a real T-Union card is read and written back unchanged."""
    fci = tlv.FileControlInformation.decode(TUNION_FCI)
    assert fci.name == bytes.fromhex("A000000632010105")
    assert fci.version == b"\x02"
    assert len(fci.public_data) == 30
    assert fci.encode() == TUNION_FCI
    assert tlv.application_fci(fci.name, fci.public_data) == TUNION_FCI


def test_directories_introduce_themselves() -> None:
    """The master file and an application without public data answer with their name."""
    assert tlv.directory_fci(b"1PAY.SYS.DDF01") == bytes.fromhex("6F15840E315041592E5359532E4444463031A503880101")
    assert tlv.application_fci(b"CITY.", b"") == bytes.fromhex("6F098405434954592EA500")


@pytest.mark.parametrize(
    "raw",
    ["00", "84", "8402AA", "1F", "1F8181", "8480", "84810501", "8481", "84830000", "848200FF", "000100", "84017F" * 65],
)
def test_malformed_objects_are_refused(raw: str) -> None:
    """Cut, indefinite, overlong or endless data objects are refused."""
    with pytest.raises(MalformedCardData):
        tlv.parse(bytes.fromhex(raw))


def test_what_cannot_be_written_is_refused() -> None:
    """A tag that is none, or a value without end, is never sent."""
    for element in (tlv.Tlv(0, b""), tlv.Tlv(0x8401, b""), tlv.Tlv(0x1F, b""), tlv.Tlv(0x84, bytes(1 << 16))):
        with pytest.raises(MalformedCardData):
            element.encode()
    with pytest.raises(MalformedCardData):
        tlv.FileControlInformation.decode(tlv.Tlv(0x84, b"").encode())
    assert tlv.parse(tlv.Tlv(0x84, bytes(255)).encode()) == [tlv.Tlv(0x84, bytes(255))]


def test_a_tree_is_read_and_written_back() -> None:
    """What is inside constructed objects is read with them, level by level."""
    (root,) = tlv.parse_tree(TUNION_FCI)
    assert root.constructed
    assert [child.tag for child in root.children] == [0x84, 0xA5]
    assert [child.tag for child in root.children[1].children] == [0x9F08, 0x9F0C]
    assert root.encode() == TUNION_FCI


def test_depth_has_a_limit() -> None:
    """Objects in objects without end do not exhaust the machine."""
    data = b"\x84\x00"
    for _ in range(tlv.MAX_DEPTH - 1):
        data = tlv.Tlv(0x6F, data).encode()
    assert tlv.parse_tree(data)
    with pytest.raises(MalformedCardData, match="deeply"):
        tlv.parse_tree(tlv.Tlv(0x6F, data).encode())


def test_a_node_holds_what_its_tag_says() -> None:
    """A primitive object has no children, a constructed one no bytes of its own."""
    for node in (tlv.Node(0x84, children=(tlv.Node(0x84),)), tlv.Node(0x6F, b"x")):
        with pytest.raises(MalformedCardData):
            node.encode()
