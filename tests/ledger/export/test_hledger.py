"""The journal for hledger, letter by letter."""

import dataclasses
from urllib.parse import unquote

from ledger.export.hledger import HledgerWriter
from tests.ledger.export.parts import EMPTY, ENTRY, HELD, PERIOD


def test_head_says_whether_it_can_still_change() -> None:
    """Who finds the file in a drawer knows of which days it is and whether they were over."""
    assert HledgerWriter(PERIOD).head() == (
        "; Business days 2026-11-01 to 2026-11-30: final.\n; Transfers 17 to 17 in recorded order.\ndecimal-mark .\n"
    )
    assert "not final" in HledgerWriter(dataclasses.replace(PERIOD, final=False)).head()


def test_transfer_keeps_everything() -> None:
    """Reference, journal, times, reversal and metadata are with the transfer in the other program."""
    written = HledgerWriter(PERIOD).entry(ENTRY)
    assert written == (
        "\n2026-11-21 * (-slip:7) topup\n"
        "    ; id:17, occurred:2026-11-21T00:30:00.000000+00:00, recorded:2026-11-21T00:30:00.000001+00:00, journal:j:1, reverses:9, "
        'metadata:{"a":"x\\"y\\\\z"%2C"b":%5B1%5D}\n'
        "    assets:psp:stripe  CNY 50.05\n"
        "    liabilities:wallet:a_1  CNY -50.05\n"
    )
    assert unquote(written.partition("metadata:")[2].partition("\n")[0]) == ENTRY.metadata
    bare = dataclasses.replace(ENTRY, journal=None, reverses=None, metadata="{}")
    assert HledgerWriter(PERIOD).entry(bare).count(", ") == 2


def test_balances_stand_against_an_account_of_their_own() -> None:
    """What was held before is no income; what is held after is asserted, also when it is nothing."""
    writer = HledgerWriter(PERIOD)
    assert writer.opening(HELD) == (
        "\n2026-11-01 * opening balance\n    liabilities:wallet:a_1  CNY -1234.56\n    equity:opening balances  CNY 1234.56\n"
    )
    assert writer.closing(EMPTY) == (
        "\naccount assets:psp:stripe  ; family:psp:stripe\n"
        "2026-11-30 * closing balance\n    assets:psp:stripe  CNY 0.00 = CNY 0.00\n"
    )
    assert writer.tail() == (
        "\naccount equity:opening balances\ncommodity CNY 1000.00\n"
        "2026-11-30 * closing balance\n    equity:opening balances  CNY 0.00 = CNY 0.00\n; End: 0 transfers.\n"
    )
