"""What MACs and TACs cover, byte for byte."""

from collections.abc import Callable

import pytest

from hardware.card import crypto, signed_inputs
from hardware.card.signed_inputs import Terms

TERMINAL, DAY, TIME = bytes.fromhex("330200000001"), bytes.fromhex("20260101"), bytes.fromhex("083000")
TERMS = Terms(200, 6, TERMINAL, DAY, TIME)
WHERE = "330200000001"
WHEN = "20260101083000"


@pytest.mark.parametrize(
    ("signed", "expected"),
    [
        (signed_inputs.announcement(5, 200, 3, TERMINAL), "00000005 000000C8 03" + WHERE),
        (signed_inputs.order(TERMS), "000000C8 06" + WHERE + WHEN),
        (signed_inputs.settlement(205, 1, TERMS), "000000CD 0001 000000C8 06" + WHERE + WHEN),
        (signed_inputs.debit_proof(200), "000000C8"),
        (signed_inputs.purchase_record(TERMS, 7), "000000C8 06" + WHERE + "00000007" + WHEN),
        (signed_inputs.overdraft_announcement(5, 6, TERMINAL), "00000005 000006 07" + WHERE),
        (signed_inputs.overdraft_order(9, TERMS), "000009 07" + WHERE + WHEN),
        (signed_inputs.overdraft_record(5, 1, 9, TERMS), "00000005 0001 000009 07" + WHERE + WHEN),
        (signed_inputs.unlock_announcement(5, 1, TERMINAL), "00000005 0001 95" + WHERE),
        (signed_inputs.unlock_order(200, TERMINAL, DAY + TIME), "000000C8 95" + WHERE + WHEN),
        (signed_inputs.grey_lock_order(5, b"rand", TERMINAL, DAY + TIME), "00000005 91 72616E64" + WHERE + WHEN),
        (signed_inputs.grey_lock_record(5, 1, TERMINAL, 7, DAY + TIME), "00000005 0001 91" + WHERE + "00000007" + WHEN),
        (signed_inputs.grey_lock_proof(b"GTAC", b"rand"), "47544143 72616E64"),
        (signed_inputs.delivery_order(200, 1), "000000C8 93 0001"),
    ],
)
def test_every_input_has_its_bytes(signed: bytes, expected: str) -> None:
    """Card, PSAM and host sign the same bytes, or no money moves."""
    assert signed == bytes.fromhex(expected)


def test_the_inputs_are_those_of_the_published_functions() -> None:
    """The interface for all algorithms and the triple-DES functions that the vectors prove never drift apart."""
    key = bytes(range(8))
    assert crypto.des_cbc_mac(key, signed_inputs.announcement(5, 200, 2, TERMINAL)) == crypto.load_mac1(
        key, 5, 200, 2, TERMINAL
    )
    assert crypto.des_cbc_mac(key, signed_inputs.order(TERMS)) == crypto.purchase_mac1(key, 200, 6, TERMINAL, DAY, TIME)
    assert signed_inputs.settlement(205, 1, TERMS) == crypto.load_tac_input(205, 1, 200, 6, TERMINAL, DAY, TIME)
    assert signed_inputs.purchase_record(TERMS, 7) == crypto.purchase_tac_input(200, 6, TERMINAL, 7, DAY, TIME)


def test_a_field_of_another_length_is_refused() -> None:
    """A terminal number that is a byte short never shifts the amount into its place."""
    mistakes: tuple[Callable[[], object], ...] = (
        lambda: Terms(1, 6, bytes(5), DAY, TIME).signed(),
        lambda: Terms(1, 6, TERMINAL, bytes(3), TIME).signed(),
        lambda: signed_inputs.grey_lock_proof(b"GTA", b"rand"),
    )
    for mistake in mistakes:
        with pytest.raises(ValueError, match="must have"):
            mistake()
