"""A token of SoftHSM as the city's keeper of keys: what stands in it, and that no master comes out."""

import hashlib
import secrets
from dataclasses import replace
from typing import Any

import pkcs11
import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from pkcs11 import Attribute, Mechanism, ObjectClass

from citizencard.config import TokenPlace
from citizencard.keys import tacs
from citizencard.keys.errors import (
    CheckValueWrong,
    CiphertextInvalid,
    KeyRoleRefused,
    KeyStateRefused,
    KnownTestKeyRefused,
    RealmRefused,
    TacMasterAbsent,
    TokenEmpty,
    TokenMalformed,
    TokenNotEmpty,
    TransferTampered,
    UnknownKeyVersion,
)
from citizencard.keys.hsm import FieldContext, KeyRole, TacQuestion
from citizencard.keys.keyring import STORED_ROLES
from citizencard.keys.pkcs11 import ciphers, objects
from citizencard.keys.pkcs11.store import TokenTerms
from citizencard.keys.pkcs11.vault import TokenVault
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.transport import WrappedKey
from citizencard.keys.vault_file import KeyState
from hardware.card import crypto
from tests.citizencard.keys.make_vault import COMPLETE_MASTERS, counting, key_of
from tests.citizencard.keys.questions import CARD, CHALLENGE4, LOAD_MAC2, PSAM, SERIAL
from tests.citizencard.keys.softhsm import PIN, SoftHsm

PLACE = FieldContext("person", "name", "per_1")


@pytest.fixture
def place(softhsm: SoftHsm) -> TokenPlace:
    """An empty token of this test's own."""
    return softhsm.token(f"own{secrets.token_hex(4)}")


@pytest.fixture
def token(place: TokenPlace) -> TokenVault:
    """A token with the complete masters."""
    return TokenVault.create(place, "test", TokenTerms(masters=COMPLETE_MASTERS))


@pytest.fixture(scope="module")
def kept(softhsm: SoftHsm) -> TokenVault:
    """A token with the complete masters that tests do not change."""
    return TokenVault.create(softhsm.token("kept"), "test", TokenTerms(masters=COMPLETE_MASTERS))


def in_token(token: TokenVault) -> list[Any]:
    """Every object in the token, seen by whoever has its PIN."""
    return token.store.ask(lambda ring: [one for one in ring.session.get_objects() if one[Attribute.TOKEN]])


def labelled(token: TokenVault, label: str) -> Any:
    """The one object of that label."""
    (found,) = [one for one in in_token(token) if one[Attribute.LABEL] == label]
    return found


def refused_attribute(key: Any) -> bool:
    """Whether the token keeps the value to itself."""
    try:
        value = key[Attribute.VALUE]
    except (pkcs11.AttributeSensitive, pkcs11.AttributeTypeInvalid):
        return True
    return not value


def test_masters_do_not_come_out(token: TokenVault) -> None:
    """Whoever has the PIN and all rights of the module still reads, wraps and weakens no key: it is used where it lies."""
    token.add_version(KeyRole.LOAD)
    token.add_version(KeyRole.PURCHASE)
    wrapping = labelled(token, objects.WRAPPING_LABEL)
    keys = [one for one in in_token(token) if one[Attribute.CLASS] is not ObjectClass.DATA]
    assert len(keys) == len(STORED_ROLES) + 3
    for key in keys:
        assert key[Attribute.SENSITIVE]
        assert not key[Attribute.EXTRACTABLE]
        assert key[Attribute.PRIVATE]
        assert refused_attribute(key)
        with pytest.raises(pkcs11.KeyUnextractable):
            wrapping.wrap_key(key, mechanism=Mechanism.AES_KEY_WRAP)
        for attribute, value in ((Attribute.EXTRACTABLE, True), (Attribute.SENSITIVE, False)):
            with pytest.raises(pkcs11.PKCS11Error):
                key[attribute] = value


def test_no_key_does_more_than_its_role(kept: TokenVault) -> None:
    """A card key never decrypts, wraps or signs; a data key derives nothing; a signing key only signs."""
    uses = (Attribute.DECRYPT, Attribute.SIGN, Attribute.WRAP, Attribute.UNWRAP, Attribute.DERIVE)
    allowed = {
        "load": {Attribute.DERIVE},
        "personal_data": {Attribute.DECRYPT},
        "blind_index": {Attribute.SIGN},
        "agent_signing": {Attribute.SIGN},
    }
    for role, expected in allowed.items():
        key = labelled(kept, f"citizencard:test:{role}-01-v01:active")
        assert key[Attribute.ID] == f"{role}-01-v01".encode()
        found = set()
        for use in uses:
            try:
                if key[use]:
                    found.add(use)
            except pkcs11.AttributeTypeInvalid:
                continue
        assert found == expected


def test_derived_keys_stay_inside_and_are_gone_after_the_call(kept: TokenVault) -> None:
    """Card and session keys are the token's own session objects; ten thousand questions do not fill it."""

    def count(_: object = None) -> int:
        return kept.store.ask(lambda ring: len(list(ring.session.get_objects())))

    kept.load_mac2(LOAD_MAC2)
    before = count()
    kept.load_mac2(LOAD_MAC2)
    kept.card_identity_mac(bytes(12))
    kept.protected_key_command(b"\x01\x01", KeyRole.LOAD, KeyRole.APPLICATION_CONTROL, CARD, CHALLENGE4)
    kept.protected_key_command(b"\x01\x01", KeyRole.PSAM_PURCHASE, KeyRole.PSAM_APPLICATION_CONTROL, PSAM, CHALLENGE4)
    assert count() == before

    def below(ring: Any) -> tuple[bool, bytes]:
        with ciphers.diversified(ring.newest(KeyRole.LOAD).upper, SERIAL[2:]) as key:
            return refused_attribute(key), ciphers.encrypt(key, bytes(8))

    hidden, check_value = kept.store.ask(below)
    assert hidden
    assert check_value[:3] == crypto.check_value(key_of(KeyRole.LOAD, CARD))


def test_same_keys_after_a_restart(place: TokenPlace, token: TokenVault) -> None:
    """A server that starts again finds versions, states and destroyed keys as they were; nothing is kept beside the token."""
    token.add_version(KeyRole.TAC)
    token.set_state("tac-01-v01", KeyState.RETIRED)
    token.set_state("tac-01-v01", KeyState.DESTROYED)
    token.add_version(KeyRole.AGENT_SIGNING)
    again = TokenVault.open(place, "test")
    assert again.inventory() == token.inventory()
    assert again.agent_signing_key() == token.agent_signing_key()
    assert again.city == "3302"
    signing = next(i for i in again.inventory() if i.key_id == "agent_signing-01-v02")
    assert signing.check_value == hashlib.sha256(again.agent_signing_key()).digest()[:3]


def test_only_an_empty_token_is_filled(place: TokenPlace, token: TokenVault, softhsm: SoftHsm) -> None:
    """A city's keys are never overwritten, and a token without them is told from one whose realm is another."""
    with pytest.raises(TokenNotEmpty):
        TokenVault.create(place, "test")
    with pytest.raises(RealmRefused):
        TokenVault.open(place, "production")
    with pytest.raises(TokenEmpty):
        TokenVault.open(softhsm.token(f"empty{secrets.token_hex(4)}"))
    with pytest.raises(TokenMalformed, match="head"):
        TokenVault.create(place, "test", TokenTerms(city="33020"))
    assert token.realm == "test"


def test_production_token_with_a_known_key_does_not_open(softhsm: SoftHsm) -> None:
    """A key of a manual that somebody has put into a production token from outside is found by its check value at the start."""
    place = softhsm.token(f"prod{secrets.token_hex(4)}")
    token = TokenVault.create(place, "production")
    template = objects.key_template(KeyAlgorithm.TRIPLE_DES) | {
        Attribute.CLASS: ObjectClass.SECRET_KEY,
        Attribute.KEY_TYPE: pkcs11.KeyType.DES2,
        Attribute.VALUE: counting(0x50),
        Attribute.TOKEN: True,
        Attribute.LABEL: "citizencard:production:load-01-v07:active",
    }
    token.store.ask(lambda ring: ring.session.create_object(template))
    with pytest.raises(KnownTestKeyRefused):
        TokenVault.open(place)


def test_several_indexes_of_one_role_live_side_by_side(token: TokenVault) -> None:
    """A card says with which of its load keys it speaks: each index has its own versions, and new chips get those of the first."""
    second = counting(0x78)
    assert token.store.install(KeyRole.LOAD, second, 2).key_id == "load-02-v01"
    assert token.store.add_version(KeyRole.LOAD, 2).key_id == "load-02-v02"
    assert token.load_mac2(LOAD_MAC2).hex().upper() == "C1B6915B"
    session_key = crypto.load_session_key(key_of(KeyRole.LOAD, CARD, second), LOAD_MAC2.random, 0)
    expected = crypto.load_mac2(session_key, 10_000, LOAD_MAC2.tti, LOAD_MAC2.terminal, LOAD_MAC2.date, LOAD_MAC2.time)
    assert token.load_mac2(replace(LOAD_MAC2, key_index=2)) == expected
    with pytest.raises(UnknownKeyVersion):
        token.load_mac2(replace(LOAD_MAC2, key_index=3))
    with pytest.raises(KeyStateRefused):
        token.store.add_version(KeyRole.LOAD, 256)


def test_key_from_another_house_is_unwrapped_inside(token: TokenVault) -> None:
    """A card key that comes under a transport key is in clear in the token only, and only if it has the check value of its paper."""
    transport = SecretKey(KeyAlgorithm.AES_256, secrets.token_bytes(32))
    material = secrets.token_bytes(16)
    wrapped = WrappedKey(aes_key_wrap(transport.reveal(), material), crypto.check_value(material))
    for wrong, under in (
        (replace(wrapped, check_value=bytes(3)), transport),
        (replace(wrapped, wrapped=wrapped.wrapped[:-1] + bytes((wrapped.wrapped[-1] ^ 1,))), transport),
        (replace(wrapped, wrapped=b"short"), transport),
        (wrapped, SecretKey(KeyAlgorithm.AES_256, bytes(32))),
    ):
        with pytest.raises((CheckValueWrong, TransferTampered)):
            token.store.install_wrapped(KeyRole.PURCHASE, wrong, under)
    with pytest.raises(TransferTampered):
        token.store.install_wrapped(KeyRole.PERSONAL_DATA, wrapped, transport)
    info = token.store.install_wrapped(KeyRole.PURCHASE, wrapped, transport)
    assert (info.key_id, info.check_value) == ("purchase-01-v02", wrapped.check_value)
    command = token.protected_key_command(
        b"\x01\x01",
        KeyRole.PSAM_PURCHASE,
        KeyRole.PSAM_APPLICATION_CONTROL,
        replace(PSAM, key_version=None),
        CHALLENGE4,
    )
    assert len(command.data) == 28


def test_destroyed_key_takes_everything_with_it(place: TokenPlace, token: TokenVault) -> None:
    """Of a destroyed purchase root no copy for PSAMs is left, and a destruction that a crash cut short counts as done."""
    token.add_version(KeyRole.PURCHASE)
    token.set_state("purchase-01-v01", KeyState.RETIRED)
    token.set_state("purchase-01-v01", KeyState.DESTROYED)
    left = [one[Attribute.LABEL] for one in in_token(token) if "purchase-01-v01" in one[Attribute.LABEL]]
    assert left == ["citizencard:test:purchase-01-v01:destroyed"]
    mark = objects.data_template("citizencard:test:tac-01-v01:destroyed", bytes(3))
    token.store.ask(lambda ring: ring.session.create_object(mark))
    again = TokenVault.open(place)
    with pytest.raises(TacMasterAbsent):
        again.tacs_are_valid([TacQuestion(SERIAL, 1, 0, bytes(22), bytes(4))])
    assert next(i.state for i in again.inventory() if i.role is KeyRole.TAC) is KeyState.DESTROYED


@pytest.mark.parametrize(
    ("label", "refusal"),
    [
        ("citizencard:test:load-01-v09", TokenMalformed),
        ("citizencard:test:lode-01-v09:active", TokenMalformed),
        ("citizencard:test:load-01-v9:active", TokenMalformed),
        ("citizencard:test:load-00-v01:active", TokenMalformed),
        ("citizencard:test:psam_purchase-01-v01:active", TokenMalformed),
        ("citizencard:production:load-01-v09:active", RealmRefused),
        ("citizencard:head", TokenMalformed),
    ],
)
def test_foreign_objects_under_our_name_are_not_guessed_at(
    place: TokenPlace, token: TokenVault, label: str, refusal: type[Exception]
) -> None:
    """A token that somebody has worked on by hand does not open by half: it says that it is not understood."""
    foreign = objects.data_template(label, b"{}")
    token.store.ask(lambda ring: ring.session.create_object(foreign))
    with pytest.raises(refusal):
        TokenVault.open(place)


def test_what_is_not_ours_is_left_alone(place: TokenPlace, token: TokenVault) -> None:
    """A token may hold other people's objects too."""
    template = objects.data_template("payroll", b"theirs")
    token.store.ask(lambda ring: ring.session.create_object(template))
    assert TokenVault.open(place).inventory() == token.inventory()


def test_key_that_could_be_taken_out_is_refused(place: TokenPlace, token: TokenVault) -> None:
    """A master that was put into the token in an extractable way, so that copies may exist, is not worked with."""
    template = objects.key_template(KeyAlgorithm.TRIPLE_DES, extractable=True) | {
        Attribute.CLASS: ObjectClass.SECRET_KEY,
        Attribute.KEY_TYPE: pkcs11.KeyType.DES2,
        Attribute.VALUE: counting(0x58),
        Attribute.TOKEN: True,
        Attribute.LABEL: "citizencard:test:load-01-v02:active",
    }
    token.store.ask(lambda ring: ring.session.create_object(template))
    with pytest.raises(TokenMalformed, match="taken out"):
        TokenVault.open(place)


def test_all_cards_of_a_batch_are_one_call(kept: TokenVault, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload of any size costs the token one encryption: a network module is asked once, not once for each tap."""
    kept.load_mac2(LOAD_MAC2)  # logs in again if the session was lost by the making of another token
    calls: list[int] = []
    encrypt = ciphers.encrypt

    def counted(key: object, blocks: bytes) -> bytes:
        calls.append(len(blocks))
        return encrypt(key, blocks)

    monkeypatch.setattr(ciphers, "encrypt", counted)
    questions, expected = [], []
    for number in range(600):
        serial = bytes.fromhex(f"03103302{number % 300:012d}")
        dtk = key_of(KeyRole.TAC, replace(CARD, card_serial=serial))
        data = number.to_bytes(22)
        good = crypto.tac(crypto.fold_tac_key(dtk), data)
        expected.append(number % 7 != 0)
        questions.append(TacQuestion(serial, 1, 0, data, good if expected[-1] else bytes(4)))
    assert kept.tacs_are_valid(questions) == expected
    assert calls == [16 * 300]
    assert len(questions) < tacs.CHUNK


def test_personal_data_of_one_keeper_is_read_by_the_other(kept: TokenVault, softhsm: SoftHsm) -> None:
    """Values are the same bytes in both: moved, changed or foreign ones are refused, and the token lives on."""
    other = TokenVault.create(
        softhsm.token(f"other{secrets.token_hex(4)}"), "test", TokenTerms(masters=COMPLETE_MASTERS)
    )
    value = kept.encrypt(PLACE, "张伟")
    assert other.decrypt(PLACE, value) == "张伟"
    assert kept.encrypt(PLACE, "") != kept.encrypt(PLACE, "")
    assert kept.decrypt(PLACE, kept.encrypt(PLACE, "")) == ""
    for changed in (value[:-1] + bytes((value[-1] ^ 1,)), b"\x09" + value[1:], value[:20]):
        with pytest.raises(CiphertextInvalid):
            kept.decrypt(PLACE, changed)
    with pytest.raises(CiphertextInvalid):
        kept.decrypt(replace(PLACE, row_id="per_2"), value)
    with pytest.raises(ValueError, match="65536"):
        kept.encrypt(PLACE, "x" * 65_537)
    with pytest.raises(ValueError, match="zero characters"):
        kept.blind_index("", "1")
    assert kept.decrypt(PLACE, value) == "张伟"


def test_wrong_holders_and_lengths(kept: TokenVault) -> None:
    """Our own mistakes stop before the token is asked."""
    for ask in (
        lambda: kept.card_proof_is_valid(SERIAL, 1, bytes(7), bytes(8)),
        lambda: kept.authentication(KeyRole.CARD_CONTROL, CARD, bytes(9)),
        lambda: kept.card_identity_mac(bytes(11)),
    ):
        with pytest.raises(ValueError, match="bytes"):
            ask()
    with pytest.raises(KeyRoleRefused):
        kept.sign_head(b"citizencard-agent step 1\n")


def test_pin_is_the_users_own(place: TokenPlace) -> None:
    """The PIN of the tests stands in no setting, only in its file."""
    assert place.pin_file.read_text().strip() == PIN
    assert PIN not in repr(place)
