"""Ready-made cards: every application of every kind of card answers as its readers expect."""

from functools import partial

import pytest

from hardware.card import crypto, profile, signed_inputs
from hardware.card.algorithm import TripleDesAlgorithm
from hardware.card.channel import send
from hardware.card.files import ManagementData, PublicApplicationData
from hardware.card.psam import PsamApplicationData, PsamPublicData
from hardware.card.purse import CreditForLoad, select_application
from hardware.card.signed_inputs import Terms
from hardware.card.social_account import GetMedicalBalance, InitializeMedicalLoad, MedicalAccount
from hardware.card.social_security import PersonRecords
from hardware.emulator import ChipOptions, EmulatedCard
from hardware.emulator.shipped import (
    CITY_UNION_AID,
    MEDICAL_AID,
    CardMaking,
    PsamMaking,
    dual_card,
    purse_card,
    security_module,
    social_card,
)
from tests.hardware.emulator.make_cards import (
    CHIP_SERIAL,
    DAY,
    ISSUER,
    KEYS,
    LOAD_TERMINAL,
    PIN,
    PSAM_CHIP_SERIAL,
    PSAM_SERIAL,
    SERIAL,
    TERMINAL,
    TIME,
    VALID_FROM,
    VALID_TO,
    counting_random,
    load,
    personalised_card,
)
from tests.hardware.emulator.transactions import answer, balance, proof_of, ride, sw

PERSON = PersonRecords("11010519491231002X", "王小明", "9", VALID_FROM)


def making(options: ChipOptions | None = None) -> CardMaking:
    return CardMaking(
        chip_serial=CHIP_SERIAL,
        keys=partial(KEYS.key, chip_serial=CHIP_SERIAL),
        pin=PIN,
        public=PublicApplicationData(ISSUER, SERIAL, VALID_FROM, VALID_TO),
        management=ManagementData("3300", "3302", 1).encode(),
        person_records=PERSON.encode(),
        options=options or ChipOptions(),
    )


def psam() -> EmulatedCard:
    image = security_module(
        PsamMaking(
            chip_serial=PSAM_CHIP_SERIAL,
            keys=partial(KEYS.key, chip_serial=PSAM_CHIP_SERIAL),
            public=PsamPublicData(PSAM_SERIAL),
            terminal=TERMINAL,
            application=PsamApplicationData(profile.KEY_INDEX, ISSUER, bytes(8), VALID_FROM, VALID_TO),
        )
    )
    module = EmulatedCard(image, counting_random())
    send(module, select_application(profile.PSAM_AID))
    return module


def test_dual_card_has_all_three_applications_and_an_account() -> None:
    """T-Union, City Union, social security and its medical account are selected by name on one chip, each with its own data."""
    card = EmulatedCard(dual_card(making()))
    public = making().public.encode()
    for name in (profile.PURSE_AID, CITY_UNION_AID):
        assert send(card, select_application(name)).endswith(public)
        assert (answer(card, "00B095001E").data, balance(card)) == (public, 0)
    for name in (profile.SSSE_AID, MEDICAL_AID):
        assert sw(card, select_application(name)) == "9000"


def test_two_purses_of_one_chip_are_two() -> None:
    """Money loaded into the one purse is not in the other, and each pays with a terminal's module of its own."""
    card, module = EmulatedCard(dual_card(making()), counting_random()), psam()
    load(card, 1_000)
    assert balance(card) == 1_000
    send(card, select_application(CITY_UNION_AID))
    assert balance(card) == 0
    assert sw(card, "80500302 0B 01 00000001 330200000001 0F") == "9401"
    send(card, select_application(profile.PURSE_AID))
    assert ride(card, module, 200).terminal_seq == 1
    assert balance(card) == 800


def test_single_cards_have_one_side_only() -> None:
    """A purse card knows no social security, a social-security card no purse."""
    purse, social = EmulatedCard(purse_card(making())), EmulatedCard(social_card(making()))
    assert sw(purse, select_application(profile.SSSE_AID)) == "6A82"
    assert sw(social, select_application(profile.PURSE_AID)) == "6A82"
    assert sw(social, select_application(profile.SSSE_AID)) == "9000"
    assert sw(social, "00B2023420") == "6982"
    assert sw(social, f"00200000 03 {PIN}") == "9000"
    assert "王小明".encode("gb18030") in answer(social, "00B2023400").data


def test_medical_account_is_loaded_and_asked() -> None:
    """DF04: a load of the individual account with the purse's MACs; three accounts with balances of 4, 6 and 6 bytes."""
    card = EmulatedCard(social_card(making()), counting_random())
    send(card, select_application(MEDICAL_AID))
    began = InitializeMedicalLoad.parse(send(card, InitializeMedicalLoad(1, 5_000, LOAD_TERMINAL).command()))
    des, key = TripleDesAlgorithm(), KEYS.key("load", chip_serial=CHIP_SERIAL)
    session = des.load_session_key(key, began.random, began.online_seq)
    terms = Terms(5_000, crypto.TTI_LOAD, LOAD_TERMINAL, DAY, TIME)
    assert began.mac1 == des.mac(session, signed_inputs.announcement(0, 5_000, crypto.TTI_LOAD, LOAD_TERMINAL))
    tac = send(card, CreditForLoad(DAY, TIME, des.mac(session, signed_inputs.order(terms))).command())
    assert tac == des.tac(KEYS.key("tac", chip_serial=CHIP_SERIAL), signed_inputs.settlement(5_000, 0, terms))
    told = [
        GetMedicalBalance(account).parse(send(card, GetMedicalBalance(account).command())) for account in MedicalAccount
    ]
    assert told == [5_000, 0, 0]
    assert proof_of(card, crypto.TTI_LOAD, 1) is not None
    assert sw(card, "B0260004 04") == "6A86"
    assert sw(card, "B0280101 0B 01 00000064 330200000001 10") == "6A86"


def test_ready_made_card_is_the_card_that_commands_make() -> None:
    """The purse application from the factory and the one personalised by commands have the same files, rules and keys."""
    made = purse_card(making()).master_file.directories[profile.PURSE_ADF_FID]
    issued = personalised_card(None).image.master_file.directories[profile.PURSE_ADF_FID]
    assert {fid: file.memory_bytes for fid, file in made.files.items()} == {
        fid: file.memory_bytes for fid, file in issued.files.items()
    }
    assert made.keys == issued.keys
    assert made.files[profile.PUBLIC_DATA_FID] == issued.files[profile.PUBLIC_DATA_FID]


@pytest.mark.parametrize("transport", ["T=0", "T=1"])
def test_both_protocols_carry_a_ride(transport: str) -> None:
    """Load and ride on the dual card, over contacts with T=0 and with T=1."""
    card, module = (
        EmulatedCard(dual_card(making(ChipOptions(transport="T=0" if transport == "T=0" else "T=1")))),
        psam(),
    )
    load(card, 1_000)
    ride(card, module, 200)
    assert balance(card) == 800
