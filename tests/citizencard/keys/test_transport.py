"""Keys between two houses, through both keepers."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citizencard.keys.errors import (
    CheckValueWrong,
    KeyNotExportable,
    TransferMalformed,
    TransferTampered,
    UnknownKeyVersion,
)
from citizencard.keys.hsm import KeyRole
from citizencard.keys.keystore import KeyStore
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.transport import (
    KeyTransfer,
    WrappedKey,
    binding_of,
    check_binding,
    parse_transfer,
    unwrap_key,
    wrap_key,
)
from citizencard.keys.vault import SoftwareVault
from citizencard.keys.vault_file import KeyState
from tests.citizencard.keys.make_vault import COMPLETE_MASTERS

TRANSPORT = SecretKey(KeyAlgorithm.AES_256, secrets.token_bytes(32))
KEY = SecretKey(KeyAlgorithm.TRIPLE_DES, secrets.token_bytes(16))


def transfer() -> KeyTransfer:
    made = KeyTransfer(
        id=secrets.token_hex(16),
        realm="test",
        city="3302",
        role=KeyRole.LOAD,
        index=1,
        version=2,
        algorithm=KEY.algorithm,
        made_at=datetime(2026, 11, 21, 4, tzinfo=UTC),
        transport_check_value=TRANSPORT.check_value,
        key=WrappedKey(wrap_key(TRANSPORT, KEY), KEY.check_value),
    )
    return replace(made, binding=binding_of(TRANSPORT, made))


def test_published_vector() -> None:
    """Any other program unwraps it: RFC 3394, section 4.6 (256 bits of key data with a 256-bit KEK)."""
    kek = SecretKey(KeyAlgorithm.AES_256, bytes(range(32)))
    data = SecretKey(
        KeyAlgorithm.AES_256, bytes.fromhex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F")
    )
    wrapped = wrap_key(kek, data)
    assert wrapped.hex().upper() == ("28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21")
    assert unwrap_key(kek, data.algorithm, WrappedKey(wrapped, data.check_value)).reveal() == data.reveal()


def test_file_there_and_back() -> None:
    """The file says what it is; nothing in it can be changed, and another transport key is told by its check value."""
    made = transfer()
    again = parse_transfer(made.to_json().encode())
    assert again == made
    check_binding(TRANSPORT, again)
    for changed in (
        replace(made, role=KeyRole.TAC),
        replace(made, version=3),
        replace(made, realm="production"),
        replace(made, city="3301"),
        replace(made, id=secrets.token_hex(16)),
        replace(made, key=replace(made.key, check_value=bytes(3))),
    ):
        with pytest.raises(TransferTampered):
            check_binding(TRANSPORT, changed)
    with pytest.raises(TransferTampered) as refusal:
        check_binding(SecretKey(KeyAlgorithm.AES_256, secrets.token_bytes(32)), made)
    assert TRANSPORT.check_value.hex().upper() in str(refusal.value)
    assert KEY.reveal().hex() not in made.to_json().lower()
    assert made.key.wrapped.hex() not in repr(made)


@settings(max_examples=40, deadline=None)
@given(
    raw=st.one_of(
        st.binary(max_size=60),
        st.dictionaries(st.sampled_from(["format", "id", "role"]), st.text()).map(repr).map(str.encode),
    )
)
def test_any_file_gives_a_refusal(raw: bytes) -> None:
    """Whatever lies on the stick: a documented refusal, and never a traceback."""
    with pytest.raises(TransferMalformed):
        parse_transfer(raw)


def test_unwrapping_what_is_none() -> None:
    """A wrong transport key gives no key, and a transport key of another kind is not used."""
    wrapped = WrappedKey(wrap_key(TRANSPORT, KEY), KEY.check_value)
    with pytest.raises(CheckValueWrong):
        unwrap_key(TRANSPORT, KEY.algorithm, replace(wrapped, check_value=bytes(3)))
    for other, algorithm in (
        (SecretKey(KeyAlgorithm.AES_256, bytes(32)), KEY.algorithm),
        (TRANSPORT, KeyAlgorithm.AES_256),
    ):
        with pytest.raises(TransferTampered):
            unwrap_key(other, algorithm, wrapped)
    with pytest.raises(ValueError, match="AES-256"):
        wrap_key(KEY, KEY)


def test_keepers_take_over_and_give_away(keeper: KeyStore) -> None:
    """A key that came is there and not in use; a vault exports its keys, a token only the purchase root, wrapped inside."""
    info = keeper.install_wrapped(
        KeyRole.LOAD, WrappedKey(wrap_key(TRANSPORT, KEY), KEY.check_value), TRANSPORT, state=KeyState.GENERATED
    )
    assert (info.key_id, info.check_value, info.state) == ("load-01-v02", KEY.check_value, KeyState.GENERATED)
    data = SecretKey(KeyAlgorithm.AES_256, secrets.token_bytes(32))
    brought = keeper.install_wrapped(
        KeyRole.PERSONAL_DATA, WrappedKey(wrap_key(TRANSPORT, data), data.check_value), TRANSPORT
    )
    assert brought.check_value == data.check_value
    root = SecretKey(KeyAlgorithm.TRIPLE_DES, COMPLETE_MASTERS[KeyRole.PURCHASE])
    wrapped = WrappedKey(keeper.export_wrapped("purchase-01-v01", TRANSPORT), root.check_value)
    assert unwrap_key(TRANSPORT, root.algorithm, wrapped).reveal() == root.reveal()
    if isinstance(keeper, SoftwareVault):
        assert keeper.export_wrapped("load-01-v02", TRANSPORT) == wrap_key(TRANSPORT, KEY)
    else:
        with pytest.raises(KeyNotExportable):
            keeper.export_wrapped("load-01-v02", TRANSPORT)
    with pytest.raises(UnknownKeyVersion):
        keeper.export_wrapped("load-01-v09", TRANSPORT)
    with pytest.raises(ValueError, match="AES-256"):
        keeper.export_wrapped("purchase-01-v01", KEY)
    assert len({keeper.random(16) for _ in range(3)}) == 3
