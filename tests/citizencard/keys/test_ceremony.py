"""Keys from components."""

import os
import pickle
import traceback

import pytest

from citizencard.keys.ceremony import Ceremony, new_component, parse_component, refuse_weak, with_odd_parity
from citizencard.keys.errors import (
    CeremonyOver,
    CheckValueWrong,
    ComponentMalformed,
    CustodianRepeated,
    KeysError,
    KeyWeak,
    KnownTestKeyRefused,
)
from citizencard.keys.hsm import KeyRole
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from hardware.card import crypto

DES = KeyAlgorithm.TRIPLE_DES
AES = KeyAlgorithm.AES_256
# Made up for this test, odd parity.
ONE = SecretKey(DES, with_odd_parity(bytes.fromhex("8FBA4CD2913EA7605D1C2B3F4E6A7988")))
TWO = SecretKey(DES, with_odd_parity(bytes.fromhex("13579BDF02468ACE97531ECA86420FDB")))
THREE = SecretKey(DES, with_odd_parity(bytes.fromhex("A1B2C3D4E5F60718293A4B5C6D7E8F90")))


def ceremony(people: int = 2, realm: str = "test") -> Ceremony:
    return Ceremony(KeyRole.LOAD, DES, "production" if realm == "production" else "test", people)


@pytest.mark.parametrize("components", [(ONE, TWO), (ONE, TWO, THREE)])
def test_key_is_the_exclusive_or(components: tuple[SecretKey, ...]) -> None:
    """Two or three people make a key that none of them knows, and the order in which they come is no matter."""
    expected = bytes(16)
    for one in components:
        expected = bytes(left ^ right for left, right in zip(expected, one.reveal(), strict=True))
    for order in (components, components[::-1]):
        with ceremony(len(components)) as held:
            for number, one in enumerate(order):
                held.contribute(f"P-{number}", one, one.check_value)
            key = held.key()
            assert held.check_values == tuple(one.check_value for one in order)
            assert held.people == tuple(f"P-{number}" for number in range(len(order)))
        assert key.check_value == crypto.check_value(expected)
        assert key.reveal() == with_odd_parity(expected)


def test_one_person_brings_one_component() -> None:
    """The same human under a second login is refused, and before he types; a third component is not wanted."""
    with ceremony() as held:
        held.contribute("P-1", ONE, ONE.check_value)
        with pytest.raises(CustodianRepeated):
            held.admit("P-1")
        with pytest.raises(CustodianRepeated):
            held.contribute("P-1", TWO, TWO.check_value)
        with pytest.raises(CeremonyOver):
            held.key()
        held.contribute("P-2", TWO, TWO.check_value)
        with pytest.raises(CeremonyOver):
            held.admit("P-3")


def test_wrong_paper_may_be_corrected() -> None:
    """A component that is not its paper's is not taken, and the same person may type it again."""
    with ceremony() as held:
        with pytest.raises(CheckValueWrong):
            held.contribute("P-1", ONE, TWO.check_value)
        assert held.people == ()
        held.contribute("P-1", ONE, ONE.check_value)


def test_abort_leaves_nothing() -> None:
    """Whatever ends the ceremony: the buffer is overwritten and no key comes out of it any more."""
    held = ceremony()
    buffers = []

    def interrupted() -> None:
        with held:
            held.contribute("P-1", ONE, ONE.check_value)
            buffers.append(held._buffer)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [bytes(buffer or b"?") for buffer in buffers] == [bytes(16)]
    for ask in (held.key, lambda: held.admit("P-2")):
        with pytest.raises(CeremonyOver):
            ask()
    held.abort()
    with pytest.raises(ValueError, match="components"):
        ceremony(1)


def test_weak_and_cancelling_components() -> None:
    """No component is a weak key, two equal ones do not cancel, and what comes out is looked at as well."""
    for weak in ("00" * 16, "01" * 16, "1F" * 4 + "0E" * 4 + ONE.reveal().hex()[16:], ONE.reveal().hex()[:16] * 2):
        with pytest.raises(KeyWeak):
            refuse_weak(SecretKey(DES, bytes.fromhex(weak)))
    with ceremony() as held:
        held.contribute("P-1", ONE, ONE.check_value)
        with pytest.raises(KeyWeak):
            held.contribute("P-2", ONE, ONE.check_value)
        opposite = SecretKey(
            DES, bytes(left ^ right for left, right in zip(ONE.reveal(), bytes((1,) * 8 + (0x1E,) * 8), strict=True))
        )
        held.contribute("P-2", opposite, opposite.check_value)
        with pytest.raises(KeyWeak):
            held.key()
    with pytest.raises(KeyWeak):
        new_component(DES, bytes)


def test_production_takes_no_component_of_a_manual() -> None:
    """A key that stands in a manual is refused as a component in production; the test realm may use it."""
    known = parse_component(DES, "40 41 42 43 44 45 46 47 48 49 4A 4B 4C 4D 4E 4F", parity=False)
    with ceremony(realm="production") as held, pytest.raises(KnownTestKeyRefused):
        held.contribute("P-1", known, known.check_value)
    with ceremony() as held:
        held.contribute("P-1", known, known.check_value)
        with pytest.raises(ValueError, match="3DES"):
            held.contribute("P-2", SecretKey(AES, os.urandom(32)), bytes(3))


def test_typed_components() -> None:
    """Spaces, dashes and case do not matter; length, digits and parity do."""
    text = ONE.reveal().hex()
    for typed in (text, text.upper(), "-".join(text[at : at + 4] for at in range(0, 32, 4)), f" {text} "):
        assert parse_component(DES, typed).reveal() == ONE.reveal()
    flipped = f"{int(text[:2], 16) ^ 0x10:02x}" + text[2:]
    for wrong in ("", text[2:], text + "00", "zz" * 16, flipped):
        with pytest.raises(ComponentMalformed):
            parse_component(DES, wrong)
    assert parse_component(DES, flipped, parity=False).reveal() != ONE.reveal()
    assert parse_component(AES, "00" * 31 + "01").algorithm is AES


def test_drawn_components_can_be_typed_again() -> None:
    """What `keys component` prints passes every check that is made when it is typed."""
    for algorithm in (DES, AES):
        drawn = new_component(algorithm, os.urandom)
        assert parse_component(algorithm, drawn.reveal().hex()).check_value == drawn.check_value


def test_components_are_in_no_text() -> None:
    """Refusals, with their whole tracebacks, and the ceremony itself show check values only."""
    told: list[str] = []
    held = ceremony()
    held.contribute("P-1", ONE, ONE.check_value)
    text = TWO.reveal().hex()
    refused = (
        lambda: held.contribute("P-1", TWO, TWO.check_value),
        lambda: held.contribute("P-2", TWO, ONE.check_value),
        lambda: parse_component(DES, text + "00"),
        lambda: parse_component(DES, text[:-1] + "g"),
        held.key,
    )
    for refuse in refused:
        with pytest.raises(KeysError) as refusal:
            refuse()
        told += traceback.format_exception(refusal.value)
        told.append(repr(refusal.value.fields))
    told.append(repr(held))
    with pytest.raises(TypeError):
        pickle.dumps(held)
    said = " ".join(told).lower()
    for component in (ONE, TWO):
        material = component.reveal()
        assert material.hex() not in said
        assert repr(material).lower() not in said
