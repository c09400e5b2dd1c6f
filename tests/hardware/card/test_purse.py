"""Purse commands: exact bytes, and what is sent is what is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.card import purse
from hardware.card.apdu import CommandApdu
from hardware.errors import MalformedCardData
from tests.vectors import load_teaching

u8, u16, u24, u32 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 24, 32))
terminals = st.binary(min_size=6, max_size=6)
four, three = st.binary(min_size=4, max_size=4), st.binary(min_size=3, max_size=3)


@given(st.builds(purse.InitializeForLoad, u8, u32, terminals))
def test_load_announcement_is_read_as_it_was_sent(command: purse.InitializeForLoad) -> None:
    """Host and card agree on the amount and the terminal of a load."""
    wire = CommandApdu.from_bytes(command.command().to_bytes())
    assert purse.InitializeForLoad.from_command(wire) == command


@given(st.builds(purse.InitializeForPurchase, u8, u32, terminals, st.booleans()))
def test_purchase_announcement_is_read_as_it_was_sent(command: purse.InitializeForPurchase) -> None:
    """Terminal and card agree on the amount, and on whether it is a CAPP purchase."""
    assert purse.InitializeForPurchase.from_command(command.command()) == command


@given(st.builds(purse.CreditForLoad, four, three, four))
def test_credit_is_read_as_it_was_sent(command: purse.CreditForLoad) -> None:
    """The host's order reaches the card unchanged."""
    assert purse.CreditForLoad.from_command(command.command()) == command


@given(st.builds(purse.DebitForPurchase, u32, four, three, four))
def test_debit_is_read_as_it_was_sent(command: purse.DebitForPurchase) -> None:
    """The PSAM's order reaches the card unchanged."""
    assert purse.DebitForPurchase.from_command(command.command()) == command


@given(st.builds(purse.GetTransactionProve, u8, u16))
def test_proof_question_is_read_as_it_was_sent(command: purse.GetTransactionProve) -> None:
    """A recovered tap asks for the right transaction."""
    assert purse.GetTransactionProve.from_command(command.command()) == command


@given(st.builds(purse.UpdateCompoundCache, st.integers(1, 31), u8, st.binary(min_size=1, max_size=255)))
def test_cached_record_is_read_as_it_was_sent(command: purse.UpdateCompoundCache) -> None:
    """The trip record that goes with a ride reaches the card unchanged."""
    assert purse.UpdateCompoundCache.from_command(command.command()) == command


@given(st.builds(purse.LoadInitialization, u32, u16, u8, u8, four, four))
def test_load_answer_survives(value: purse.LoadInitialization) -> None:
    """What a card says before a load is read as it was said."""
    assert purse.InitializeForLoad.parse(value.encode()) == value


@given(st.builds(purse.PurchaseInitialization, u32, u16, u24, u8, u8, four))
def test_purchase_answer_survives(value: purse.PurchaseInitialization) -> None:
    """What a card says before a purchase is read as it was said."""
    assert purse.InitializeForPurchase.parse(value.encode()) == value


def test_the_published_load_on_the_wire() -> None:
    """The published example's answer is read: balance 0, counter 0, key version 2 (electronic passbook, same layout)."""
    v = load_teaching
    answer = purse.InitializeForLoad.parse(v.INITIALIZE_ANSWER)
    assert (answer.balance_fen, answer.online_seq, answer.key_version, answer.algorithm) == (0, 0, 2, 0)
    assert answer.random == bytes.fromhex("11223344")
    assert answer.mac1 == v.MAC1
    sent = purse.InitializeForLoad(1, v.AMOUNT_FEN, v.TERMINAL).command()
    published = CommandApdu.from_bytes(v.INITIALIZE_COMMAND)
    assert sent.data == published.data
    assert (sent.cla, sent.ins, sent.p1) == (published.cla, published.ins, published.p1)


@pytest.mark.parametrize(
    ("command", "wire"),
    [
        (purse.InitializeForLoad(1, 10_000, bytes.fromhex("330200000001")), "805000020B010000271033020000000110"),
        (purse.InitializeForPurchase(1, 200, bytes.fromhex("330200000001")), "805001020B01000000C83302000000010F"),
        (purse.InitializeForPurchase(1, 0, bytes(6), compound=True), "805003020B01000000000000000000000F"),
        (purse.CreditForLoad(bytes(4), bytes(3), bytes(4)), "805200000B" + "00" * 11 + "04"),
        (purse.DebitForPurchase(1, bytes(4), bytes(3), bytes(4)), "805401000F00000001" + "00" * 11 + "08"),
        (purse.GetTransactionProve(9, 0x28), "805A000902002808"),
        (purse.GetBalance(), "805C000204"),
    ],
)
def test_commands_have_the_standards_bytes(
    command: purse.InitializeForLoad | purse.GetBalance | purse.GetTransactionProve, wire: str
) -> None:
    """Any card of the standard understands our terminals."""
    assert command.command().to_bytes() == bytes.fromhex(wire)


@pytest.mark.parametrize(
    ("command", "wire"),
    [
        (purse.select_file(0x3F00), "00A40000023F0000"),
        (purse.select_application(bytes.fromhex("A000000632010105")), "00A4040008A00000063201010500"),
        (purse.read_binary(0x15, 30), "00B095001E"),
        (purse.read_record(0x18, 1, 23), "00B201C417"),
        (purse.read_record(0x1E, 1, 48), "00B201F430"),
        (purse.get_challenge(4), "0084000004"),
        (purse.external_authenticate(bytes(8)), "0082000008" + "00" * 8),
        (purse.internal_authenticate(bytes(8), 1), "0088000108" + "00" * 8 + "08"),
        (purse.verify_pin("123456"), "0020000003123456"),
        (purse.UpdateCompoundCache(0x1E, 0, bytes(48)).command(), "80DC00F030" + "00" * 48),
    ],
)
def test_iso_commands_have_the_standards_bytes(command: CommandApdu, wire: str) -> None:
    """Reading and proving is done as ISO 7816-4 says."""
    assert command.to_bytes() == bytes.fromhex(wire)


def test_debit_answer_is_tac_then_mac2_and_proof_is_mac_then_tac() -> None:
    """The two orders are not mixed up: a MAC2 sent as a TAC would cost the merchant his fare."""
    tac, mac2 = purse.DebitForPurchase.parse(b"TTTTMMMM")
    assert (tac, mac2) == (b"TTTT", b"MMMM")
    mac, proven = purse.GetTransactionProve.parse(b"MMMMTTTT")
    assert (mac, proven) == (b"MMMM", b"TTTT")
    assert purse.CreditForLoad.parse(b"TTTT") == b"TTTT"


def test_balance_flag_is_not_money() -> None:
    """Bit 31 of a balance is a flag on some cards."""
    assert purse.GetBalance.parse(bytes.fromhex("80000064")) == 100


@pytest.mark.parametrize(
    "call",
    [
        lambda: purse.InitializeForLoad(1, 1 << 32, bytes(6)).command(),
        lambda: purse.InitializeForLoad(1, -1, bytes(6)).command(),
        lambda: purse.InitializeForLoad(256, 1, bytes(6)).command(),
        lambda: purse.InitializeForPurchase(1, 1, bytes(5)).command(),
        lambda: purse.InitializeForLoad.parse(bytes(15)),
        lambda: purse.InitializeForPurchase.parse(bytes(16)),
        lambda: purse.DebitForPurchase.parse(bytes(7)),
        lambda: purse.InitializeForLoad.from_command(purse.InitializeForPurchase(1, 1, bytes(6)).command()),
        lambda: purse.InitializeForPurchase.from_command(purse.InitializeForLoad(1, 1, bytes(6)).command()),
        lambda: purse.CreditForLoad.from_command(CommandApdu(0x80, 0x52, 0, 0, bytes(10))),
        lambda: purse.UpdateCompoundCache.from_command(CommandApdu(0x80, 0xDC, 0, 0, bytes(1))),
        lambda: purse.UpdateCompoundCache(32, 0, b"x").command(),
        lambda: purse.read_binary(0, 1),
        lambda: purse.internal_authenticate(bytes(7), 1),
        lambda: purse.verify_pin("123"),
        lambda: purse.verify_pin("1234567890123"),
        lambda: purse.verify_pin("12a4"),
    ],
)
def test_malformed_fields_and_answers_are_refused(call: object) -> None:
    """No field is cut or filled up silently."""
    assert callable(call)
    with pytest.raises(MalformedCardData):
        call()


def test_a_wrong_pin_entry_is_not_repeated_in_the_message() -> None:
    """What a person typed at the PIN pad is in no log."""
    with pytest.raises(MalformedCardData) as refused:
        purse.verify_pin("98x54")
    assert "98" not in str(refused.value)
    assert purse.pack_pin("12345") == bytes.fromhex("12345F")


def test_passbook_and_purse_have_commands_of_their_own() -> None:
    """P2 tells the passbook (01) from the purse (02) in loads and purchases; a third is refused."""
    assert purse.InitializeForLoad(1, 1, bytes(6), purse.PURSE_ED).command().header() == bytes.fromhex("80500001")
    assert purse.InitializeForPurchase(1, 1, bytes(6), purse=purse.PURSE_ED).command().header() == bytes.fromhex(
        "80500101"
    )
    for kind in (purse.InitializeForLoad, purse.InitializeForPurchase):
        with pytest.raises(MalformedCardData):
            kind(1, 1, bytes(6), purse=3).command()


def test_the_teaching_load_is_built_byte_for_byte() -> None:
    """The published example loads a passbook: its command is ours."""
    v = load_teaching
    sent = purse.InitializeForLoad(1, v.AMOUNT_FEN, v.TERMINAL, purse.PURSE_ED).command()
    published = CommandApdu.from_bytes(v.INITIALIZE_COMMAND)
    assert (sent.header(), sent.data) == (published.header(), published.data)


def test_several_caches_precede_one_debit() -> None:
    """A toll gate writes its own record and the trip before the same debit; each names its own file."""
    caches = [purse.UpdateCompoundCache(0x19, 0xAA, bytes(43)), purse.UpdateCompoundCache(0x1E, 0, bytes(48))]
    assert [cache.command().header().hex() for cache in caches] == ["80dcaac8", "80dc00f0"]
