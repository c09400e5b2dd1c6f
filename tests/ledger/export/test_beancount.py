"""The ledger for Beancount, letter by letter."""

import dataclasses

from ledger.export.beancount import BeancountWriter
from tests.ledger.export.parts import EMPTY, ENTRY, HELD, PERIOD


def test_head_says_whether_it_can_still_change() -> None:
    """Who finds the file in a drawer knows of which days it is and whether they were over."""
    assert BeancountWriter(PERIOD).head() == (
        "; Business days 2026-11-01 to 2026-11-30: final.\n; Transfers 17 to 17 in recorded order.\n"
        'option "title" "Business days 2026-11-01 to 2026-11-30"\n'
    )
    assert "not final" in BeancountWriter(dataclasses.replace(PERIOD, final=False)).head()


def test_transfer_keeps_everything() -> None:
    """Reference, journal, times, reversal and metadata are with the transfer in the other program."""
    assert BeancountWriter(PERIOD).entry(ENTRY) == (
        '\n2026-11-21 * "topup" "-slip:7"\n'
        "  id: 17\n"
        '  occurred: "2026-11-21T00:30:00.000000+00:00"\n'
        '  recorded: "2026-11-21T00:30:00.000001+00:00"\n'
        '  journal: "j:1"\n'
        "  reverses: 9\n"
        r'  metadata: "{\"a\":\"x\\\"y\\\\z\",\"b\":[1]}"'
        "\n"
        "  Assets:Psp-:Stripe  50.05 CNY\n"
        "  Liabilities:Wallet-:A-u1  -50.05 CNY\n"
    )
    bare = dataclasses.replace(ENTRY, journal=None, reverses=None, metadata="{}")
    assert len(BeancountWriter(PERIOD).entry(bare).splitlines()) == 7


def test_balances_are_asserted_to_the_fen() -> None:
    """Beancount's own tolerance would let a fen pass; the assertion is of the morning after the last day."""
    writer = BeancountWriter(PERIOD)
    assert writer.opening(HELD) == (
        '\n2026-11-01 * "opening balance"\n  Liabilities:Wallet-:A-u1  -1234.56 CNY\n  Equity:Opening-Balances  1234.56 CNY\n'
    )
    assert writer.closing(EMPTY) == (
        '\n2026-11-01 open Assets:Psp-:Stripe CNY\n  code: "psp:stripe"\n  family: "psp:stripe"\n'
        "2026-12-01 balance Assets:Psp-:Stripe  0.00 ~ 0.00 CNY\n"
    )
    assert writer.tail() == (
        '\noption "operating_currency" "CNY"\n2026-11-01 open Equity:Opening-Balances CNY\n'
        "2026-12-01 balance Equity:Opening-Balances  0.00 ~ 0.00 CNY\n; End: 0 transfers.\n"
    )
