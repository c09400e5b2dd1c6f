"""The questions to every keeper of keys, file and token, with the values of our own regression set (tests/vectors)."""

from dataclasses import replace
from typing import Any

import pytest

from citizencard.keys.errors import KeyRoleRefused, KeyStateRefused, RealmRefused, UnknownKeyVersion
from citizencard.keys.hsm import CardKeyHolder, FieldContext, Hsm, KeyRole, TacQuestion
from citizencard.keys.keystore import KeyStore
from citizencard.keys.vault_file import KeyState
from hardware.card import crypto
from hardware.card.profile import CARD_CONTROL, CardProfile, PsamProfile
from hardware.card.protection import unprotect
from tests.citizencard.keys.keepers import Keepers
from tests.citizencard.keys.make_vault import COMPLETE_MASTERS, REGRESSION_MASTERS, counting, key_of
from tests.citizencard.keys.questions import (
    BLANK,
    CARD,
    CHALLENGE4,
    CHALLENGE8,
    CHIP,
    LOAD_MAC1,
    LOAD_MAC2,
    PROOF,
    PSAM,
    SERIAL,
    TERMINAL,
    UNLOAD_MAC1,
    UNLOAD_MAC2,
    UNLOAD_MAC3,
)

PURCHASE_TAC_INPUT = crypto.purchase_tac_input(
    200, 0x09, TERMINAL, 1, bytes.fromhex("20260101"), bytes.fromhex("083000")
)
AMK = bytes.fromhex("23DA181C4AAB144BA88BC8C3E43EC0C1")
CMK = bytes.fromhex("CDCF4C3817FA5E9A05C0E8E64F29A1CE")


def test_is_an_hsm(asked: KeyStore) -> None:
    """What works with the file works with any keeper of keys: the vault is nothing but an Hsm to the city."""
    keeper: Hsm = asked
    assert keeper.realm == "test"


def test_blank_opens_with_its_transport_key(asked: KeyStore) -> None:
    """A blank from the maker's batch accepts the city, and only the chip with that serial does (own regression set)."""
    assert asked.blank_transport_key(CHIP).hex().upper() == "A4064BD0707F6529BE53B37853C3BD19"
    answer = asked.authentication(KeyRole.TRANSPORT, BLANK, CHALLENGE8)
    assert answer.hex().upper() == "E7091996FC0C2DE6"
    other = CardKeyHolder(bytes.fromhex("0000000011223345"))
    assert asked.authentication(KeyRole.TRANSPORT, other, CHALLENGE8) != answer


def test_control_key_replaces_transport_key(asked: KeyStore) -> None:
    """The clerk's PC sees ciphertext only when the transport key is replaced, byte for byte (own regression set)."""
    header = CARD_CONTROL.header(replace=True)
    command = asked.protected_key_command(header, KeyRole.CARD_CONTROL, KeyRole.TRANSPORT, BLANK, CHALLENGE4)
    assert command.to_bytes().hex().upper() == "84D439001CB3866A81742BE1068176555FC2ECBCD88F538D5E2C7F6E7D17DA8FE9"
    assert asked.authentication(KeyRole.CARD_CONTROL, BLANK, CHALLENGE8) == crypto.triple_des_encrypt(CMK, CHALLENGE8)


def test_load_key_goes_to_the_card(asked: KeyStore) -> None:
    """An application key is written under the card's own control key, byte for byte (own regression set)."""
    command = asked.protected_key_command(b"\x01\x01", KeyRole.LOAD, KeyRole.APPLICATION_CONTROL, CARD, CHALLENGE4)
    assert command.to_bytes().hex().upper() == "84D401011C3327686DE0300C1732D68AC53FCEDA5402CCAA2A64532B4DE84039AE"
    assert asked.authentication(KeyRole.APPLICATION_CONTROL, CARD, CHALLENGE8) == crypto.triple_des_encrypt(
        AMK, CHALLENGE8
    )


def test_load_is_announced_and_answered(asked: KeyStore) -> None:
    """A genuine card's MAC1 is believed, any changed field is not, and MAC2 is that of our own regression set, twice the same."""
    assert asked.load_mac1_is_valid(LOAD_MAC1)
    changes: tuple[dict[str, Any], ...] = (
        {"old_balance_fen": 1},
        {"amount_fen": 10_001},
        {"online_seq": 1},
        {"tti": 1},
        {"mac1": bytes(4)},
    )
    for change in changes:
        assert not asked.load_mac1_is_valid(replace(LOAD_MAC1, **change))
    assert not asked.load_mac1_is_valid(replace(LOAD_MAC1, card_serial=bytes(9) + b"\x02"))
    assert asked.load_mac2(LOAD_MAC2).hex().upper() == "C1B6915B"
    assert asked.load_mac2(LOAD_MAC2) == asked.load_mac2(LOAD_MAC2)


def test_unload_is_announced_ordered_and_proved(asked: KeyStore) -> None:
    """Money leaves a chip by MAC1, MAC2 and MAC3 of its own unload key; no changed field passes (own regression set)."""
    assert asked.unload_mac1_is_valid(UNLOAD_MAC1)
    announced: tuple[dict[str, Any], ...] = (
        {"old_balance_fen": 10_001},
        {"amount_fen": 4_001},
        {"online_seq": 2},
        {"random": bytes(4)},
        {"terminal": bytes(6)},
        {"card_serial": bytes(10)},
        {"mac1": bytes(4)},
    )
    for change in announced:
        assert not asked.unload_mac1_is_valid(replace(UNLOAD_MAC1, **change))
    assert asked.unload_mac2(UNLOAD_MAC2).hex().upper() == "D303985F"
    assert asked.unload_mac3_is_valid(UNLOAD_MAC3)
    assert not asked.unload_mac3_is_valid(replace(UNLOAD_MAC3, new_balance_fen=5_999))
    assert not asked.unload_mac3_is_valid(replace(UNLOAD_MAC3, mac3=asked.unload_mac2(UNLOAD_MAC2)))
    ordered: tuple[dict[str, Any], ...] = (
        {"amount_fen": 4_001},
        {"online_seq": 2},
        {"random": bytes(4)},
        {"time": bytes(3)},
    )
    for change in ordered:
        assert not asked.unload_mac3_is_valid(replace(UNLOAD_MAC3, order=replace(UNLOAD_MAC2, **change)))
    with pytest.raises(UnknownKeyVersion):
        asked.unload_mac2(replace(UNLOAD_MAC2, key_version=9))
    with pytest.raises(ValueError, match="MAC3"):
        replace(UNLOAD_MAC3, mac3=bytes(3))


def test_taps_and_loads_are_proved_by_their_tac(asked: KeyStore) -> None:
    """A record counts if this card signed exactly this; an unknown key is a rejected record and not a failure (own regression set)."""
    good = TacQuestion(SERIAL, 1, 0, PURCHASE_TAC_INPUT, bytes.fromhex("BEED412A"))
    ordinary = crypto.purchase_tac_input(200, 0x06, TERMINAL, 1, bytes.fromhex("20260101"), bytes.fromhex("083000"))
    load = crypto.load_tac_input(10_000, 0, 10_000, 0x02, TERMINAL, bytes.fromhex("20260101"), bytes.fromhex("080000"))
    assert asked.tacs_are_valid(
        [
            good,
            replace(good, tac=bytes.fromhex("BEED412B")),
            replace(good, card_serial=bytes.fromhex("03103302000000000002")),
            replace(good, key_version=9),
            replace(good, algorithm=4),
            TacQuestion(SERIAL, 1, 0, ordinary, bytes.fromhex("DF5796F9")),
            TacQuestion(SERIAL, 1, 0, load, bytes.fromhex("3FCCF8C3")),
        ]
    ) == [True, False, False, False, False, True, True]


def test_new_card_proves_its_purchase_key_without_money(asked: KeyStore) -> None:
    """A new card accepts a compound purchase of 0 fen from the vault, and its MAC2 is checked; no amount can be asked for."""
    dpk = crypto.diversify_chain(REGRESSION_MASTERS[KeyRole.PURCHASE], [bytes.fromhex("3302FF0000000000"), SERIAL[2:]])
    session_key = crypto.purchase_session_key(dpk, PROOF.random, PROOF.offline_seq, PROOF.terminal_seq)
    mac1 = crypto.purchase_mac1(session_key, 0, 0x09, TERMINAL, PROOF.date, PROOF.time)
    assert asked.proof_purchase_mac1(PROOF) == mac1
    assert asked.purchase_mac2_is_valid(PROOF, crypto.purchase_mac2(session_key, 0))
    assert not asked.purchase_mac2_is_valid(PROOF, crypto.purchase_mac2(session_key, 200))


def test_card_proof(asked: KeyStore) -> None:
    """Only the card that holds its own internal key proves that it is there."""
    iak = crypto.diversify_chain(REGRESSION_MASTERS[KeyRole.INTERNAL], [bytes.fromhex("3302FF0000000000"), SERIAL[2:]])
    answer = crypto.triple_des_encrypt(iak, CHALLENGE8)
    assert asked.card_proof_is_valid(SERIAL, 1, CHALLENGE8, answer)
    assert not asked.card_proof_is_valid(SERIAL, 1, CHALLENGE8, answer[:7] + b"\0")
    assert not asked.card_proof_is_valid(bytes.fromhex("03103302000000000002"), 1, CHALLENGE8, answer)


def test_unknown_version_index_algorithm(asked: KeyStore) -> None:
    """A question about a key that the city does not have is refused by name, with the role and version a clerk can read."""
    with pytest.raises(UnknownKeyVersion) as refusal:
        asked.load_mac2(replace(LOAD_MAC2, key_version=7))
    assert refusal.value.public_fields() == {"role": "load", "version": 7}
    changes: tuple[dict[str, Any], ...] = ({"key_index": 2}, {"algorithm": 4})
    for change in changes:
        with pytest.raises(UnknownKeyVersion):
            asked.load_mac2(replace(LOAD_MAC2, **change))
    with pytest.raises(UnknownKeyVersion):
        asked.authentication(KeyRole.CARD_CONTROL, replace(BLANK, key_version=3), CHALLENGE8)
    with pytest.raises(UnknownKeyVersion):
        asked.authentication(KeyRole.TRANSPORT, replace(BLANK, transport_version=3), CHALLENGE8)


def test_every_key_of_the_profile_can_be_written(asked: KeyStore) -> None:
    """Whatever key our cards and PSAMs have, the vault writes it as the profile says, and the chip finds the right record."""
    card, psam = CardProfile(), PsamProfile()
    for slot in (card.purse_control, *card.purse_keys, *card.social_keys):
        under = KeyRole(slot.under)
        command = asked.protected_key_command(slot.header(), KeyRole(slot.role), under, CARD, CHALLENGE4)
        record = unprotect(command, key_of(under, CARD), CHALLENGE4, encrypted=True)
        assert record == slot.record(key_of(KeyRole(slot.role), CARD)).encode()
    for slot in (psam.control, *psam.master_keys, *psam.keys):
        under = KeyRole(slot.under)
        command = asked.protected_key_command(slot.header(), KeyRole(slot.role), under, PSAM, CHALLENGE4)
        record = unprotect(command, key_of(under, PSAM), CHALLENGE4, encrypted=True)
        assert record == slot.record(key_of(KeyRole(slot.role), PSAM)).encode()


def test_psam_gets_the_purchase_root_and_no_card_ever_does(asked: KeyStore) -> None:
    """The root of all purchases goes into PSAMs; asked for a card it is refused, and PSAMs get no key of a card."""
    command = asked.protected_key_command(
        b"\x01\x01", KeyRole.PSAM_PURCHASE, KeyRole.PSAM_APPLICATION_CONTROL, PSAM, CHALLENGE4
    )
    control = crypto.diversify(REGRESSION_MASTERS[KeyRole.PSAM_APPLICATION_CONTROL], CHIP)
    record = unprotect(command, control, CHALLENGE4, encrypted=True)
    assert record[-16:] == REGRESSION_MASTERS[KeyRole.PURCHASE]
    for under in (KeyRole.PSAM_APPLICATION_CONTROL, KeyRole.APPLICATION_CONTROL, KeyRole.CARD_CONTROL):
        with pytest.raises(KeyRoleRefused):
            asked.protected_key_command(b"\x01\x01", KeyRole.PSAM_PURCHASE, under, CARD, CHALLENGE4)
    for role in (KeyRole.LOAD, KeyRole.PURCHASE, KeyRole.TAC):
        with pytest.raises(KeyRoleRefused):
            asked.protected_key_command(b"\x01\x01", role, KeyRole.APPLICATION_CONTROL, PSAM, CHALLENGE4)


def test_no_secret_under_a_foreign_key(asked: KeyStore) -> None:
    """Every pair of secret and protecting key outside the table is refused: no load key under the transport key, for instance."""
    allowed = 0
    for secret in KeyRole:
        for under in KeyRole:
            for holder in (CARD, PSAM):
                try:
                    asked.protected_key_command(b"\x01\x00", secret, under, holder, CHALLENGE4)
                except KeyRoleRefused:
                    continue
                allowed += 1
    # CMK 2, AMK 2, SSSE 1, nine application keys; a PSAM's control 2, application control 2, maintenance 2, purchase 1.
    assert allowed == 5 + 9 + 7


def test_only_control_keys_authenticate(asked: KeyStore) -> None:
    """A load, TAC or data key answers no challenge of a chip: the vault is no oracle for them."""
    answering = set()
    for role in KeyRole:
        for holder in (CARD, PSAM):
            try:
                answer = asked.authentication(role, holder, CHALLENGE8)
            except KeyRoleRefused:
                continue
            answering.add(role)
            assert len(answer) == (16 if role is KeyRole.SOCIAL_SECURITY else 8)
    assert answering == {
        KeyRole.TRANSPORT,
        KeyRole.CARD_CONTROL,
        KeyRole.APPLICATION_CONTROL,
        KeyRole.SOCIAL_SECURITY,
        KeyRole.PSAM_CONTROL,
        KeyRole.PSAM_APPLICATION_CONTROL,
    }


def test_application_key_needs_the_card_serial(asked: KeyStore) -> None:
    """A chip without an application serial has no application keys yet."""
    with pytest.raises(KeyRoleRefused):
        asked.authentication(KeyRole.APPLICATION_CONTROL, BLANK, CHALLENGE8)


def test_file_updates_are_protected(asked: KeyStore) -> None:
    """A file update reaches the card with the card's own MAC, readable by it and by no other card."""
    command = asked.protected_command(
        b"\x04\xd6\x95\x00", b"public data", KeyRole.APPLICATION_MAINTENANCE, CARD, CHALLENGE4
    )
    damk = crypto.diversify_chain(
        REGRESSION_MASTERS[KeyRole.APPLICATION_MAINTENANCE], [bytes.fromhex("3302FF0000000000"), SERIAL[2:]]
    )
    assert unprotect(command, damk, CHALLENGE4) == b"public data"


def test_pin_record_is_written_encrypted_and_no_key_of_the_callers_own(asked: KeyStore) -> None:
    """A first PIN can be written; a key that the caller made up cannot: with it he could make cards that open to him."""
    pin = CardProfile.pin_record("123456")
    command = asked.protected_command(b"\x84\xd4\x01\x00", pin, KeyRole.APPLICATION_CONTROL, CARD, CHALLENGE4)
    assert unprotect(command, AMK, CHALLENGE4, encrypted=True) == pin
    own_key = bytes.fromhex("3FF0020100") + bytes(16)
    for under in KeyRole:
        with pytest.raises(KeyRoleRefused):
            asked.protected_command(b"\x84\xd4\x01\x01", own_key, under, CARD, CHALLENGE4)


@pytest.mark.parametrize("header", ["04D69500", "04DC0104", "841E0000", "84180000", "84D40100", "84160000", "80540100"])
def test_protection_is_of_listed_commands_only(asked: KeyStore, header: str) -> None:
    """Each key protects its own commands: a card is never blocked for good, and no debit is signed, through this question."""
    roles = {
        role for role in KeyRole if _protects(asked, bytes.fromhex(header), role, CARD, CardProfile.pin_record("0000"))
    }
    expected = {
        "04D6": {KeyRole.APPLICATION_MAINTENANCE, KeyRole.SOCIAL_SECURITY},
        "04DC": {KeyRole.APPLICATION_MAINTENANCE, KeyRole.SOCIAL_SECURITY},
        "841E": {KeyRole.APPLICATION_MAINTENANCE},
        "8418": {KeyRole.APPLICATION_MAINTENANCE},
        "84D4": {KeyRole.APPLICATION_CONTROL, KeyRole.CARD_CONTROL},
    }
    assert roles == expected.get(header[:4], set())


def _protects(keeper: KeyStore, header: bytes, role: KeyRole, holder: CardKeyHolder, data: bytes) -> bool:
    try:
        keeper.protected_command(header, data, role, holder, CHALLENGE4)
    except KeyRoleRefused:
        return False
    return True


def test_each_state_of_a_key_allows_what_it_says(keeper: KeyStore) -> None:
    """After rotation old cards still load; a retiring key verifies and authorises nothing, a retired one answers nothing."""
    assert keeper.add_version(KeyRole.LOAD, state=KeyState.GENERATED).version == 2
    second = replace(LOAD_MAC2, key_version=2)
    with pytest.raises(KeyStateRefused):
        keeper.load_mac2(second)
    keeper.set_state("load-01-v02", KeyState.ACTIVE)
    assert keeper.load_mac2(LOAD_MAC2) != keeper.load_mac2(second)
    keeper.set_state("load-01-v01", KeyState.RETIRING)
    with pytest.raises(KeyStateRefused):
        keeper.load_mac2(LOAD_MAC2)
    assert keeper.load_mac1_is_valid(LOAD_MAC1)
    under = KeyRole.APPLICATION_CONTROL
    with pytest.raises(KeyStateRefused):
        keeper.protected_key_command(b"\x01\x01", KeyRole.LOAD, under, replace(CARD, key_version=1), CHALLENGE4)
    written = keeper.protected_key_command(b"\x01\x01", KeyRole.LOAD, under, CARD, CHALLENGE4)
    record = unprotect(written, key_of(under, CARD), CHALLENGE4, encrypted=True)
    assert record[3] == 2
    keeper.set_state("load-01-v01", KeyState.RETIRED)
    with pytest.raises(KeyStateRefused):
        keeper.load_mac1_is_valid(LOAD_MAC1)
    keeper.set_state("load-01-v01", KeyState.DESTROYED)
    with pytest.raises(UnknownKeyVersion):
        keeper.load_mac2(LOAD_MAC2)


def test_several_tac_versions_live_side_by_side(keeper: KeyStore) -> None:
    """Taps of cards of two key generations in one upload are each judged under their own key."""
    second = counting(0x68)
    assert keeper.install(KeyRole.TAC, second).version == 2
    questions = [
        TacQuestion(SERIAL, version, 0, PURCHASE_TAC_INPUT, _tac(root))
        for version, root in ((1, COMPLETE_MASTERS[KeyRole.TAC]), (2, second), (1, COMPLETE_MASTERS[KeyRole.TAC]))
    ]
    assert keeper.tacs_are_valid(questions) == [True, True, True]
    assert keeper.tacs_are_valid([replace(questions[0], key_version=2), questions[1]]) == [False, True]


def _tac(root: bytes) -> bytes:
    return crypto.tac(crypto.fold_tac_key(key_of(KeyRole.TAC, CARD, root)), PURCHASE_TAC_INPUT)


def test_social_security_card_is_certified(asked: KeyStore) -> None:
    """The last four bytes of a 卡识别码 come from the issuing centre's key and change with the chip."""
    identity = bytes.fromhex("330200D15600000511223344")
    mac = asked.card_identity_mac(identity)
    assert len(mac) == 4
    assert mac != asked.card_identity_mac(identity[:-1] + b"\x45")
    with pytest.raises(ValueError, match="12 bytes"):
        asked.card_identity_mac(identity[:-1])


def test_transport_keys_of_blanks_only_in_the_test_realm(keepers: Keepers, keeper: KeyStore) -> None:
    """In production only the card maker knows a blank's transport key: the vault never hands one out."""
    assert len(keeper.blank_transport_key(CHIP)) == 16
    production = keepers.make("production", {})
    with pytest.raises(RealmRefused):
        production.blank_transport_key(CHIP)


def test_personal_data_roles_are_apart(asked: KeyStore) -> None:
    """What is encrypted reads back in its place, and the look-up fingerprint shares nothing with it."""
    place = FieldContext("person", "name", "per_1")
    assert asked.decrypt(place, asked.encrypt(place, "张伟")) == "张伟"
    assert asked.encrypt(place, "张伟") != asked.encrypt(place, "张伟")
    assert asked.blind_index("document", "110105194912310021") == asked.blind_index("document", "110105194912310021")
