"""What a person should look at: bad TACs that pile up, sequences used twice."""

from dataclasses import replace
from datetime import datetime, timedelta

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.findings import BAD_TACS_OF_CARD, BAD_TACS_OF_TERMINAL
from citizencard.purse.uploads.flow import take_records
from citizencard.purse.uploads.records import PurchaseRecord
from tests.citizencard.purse.uploads.make_records import City, Device, TestCard, json_of, tap


def bad(device: Device, card: TestCard, at: datetime) -> PurchaseRecord:
    """A guess at a TAC."""
    record = tap(device, card, at, 180)
    return replace(record, tac=bytes([record.tac[0] ^ 1]) + record.tac[1:])


def found(
    sessions: Sessions, vault: SoftwareVault, device: Device, records: list[PurchaseRecord], now: datetime
) -> list[tuple[str, ...]]:
    receipt = take_records(sessions, vault, device.terminal_id, json_of(device, records), now)
    return [verdict.findings for verdict in receipt.verdicts]


def test_bad_tacs_of_a_card_raise_one_alarm(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """The fifth bad TAC of a card on a day is an alarm, at whichever terminal; the sixth is not another one; midnight begins anew."""
    first = [bad(city.bus1, city.adult, now) for _ in range(BAD_TACS_OF_CARD - 1)]
    assert found(sessions, vault, city.bus1, first, now) == [()] * (BAD_TACS_OF_CARD - 1)
    more = [bad(city.bus2, city.adult, now), bad(city.bus2, city.adult, now)]
    assert sorted(found(sessions, vault, city.bus2, more, now)) == [(), ("bad_tacs_of_card",)]
    midnight = datetime.fromisoformat("2026-11-22T00:00:00+08:00")
    tomorrow = [bad(city.bus1, city.adult, now) for _ in range(BAD_TACS_OF_CARD - 1)]
    assert found(sessions, vault, city.bus1, tomorrow, midnight) == [()] * (BAD_TACS_OF_CARD - 1)


def test_bad_tacs_of_a_terminal_raise_one_alarm(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """A terminal that guesses is noticed at its twentieth guess of a day, however it spreads them over cards; repeats do not count."""
    cards = (city.adult, city.senior, city.lost)
    guesses = [bad(city.bus1, cards[index % 3], now) for index in range(BAD_TACS_OF_TERMINAL + 2)]
    findings = found(sessions, vault, city.bus1, guesses[:-3], now - timedelta(minutes=1))
    assert all("bad_tacs_of_terminal" not in one for one in findings)
    assert found(sessions, vault, city.bus1, guesses[:-3], now) == findings
    last = found(sessions, vault, city.bus1, guesses[-3:], now)
    assert sum("bad_tacs_of_terminal" in one for one in last) == 1


def test_sequence_used_twice_within_one_batch(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """Two taps of one upload under one sequence: one of them is the finding, a forged copy is none."""
    first = tap(city.bus1, city.adult, now, 180)
    other = tap(city.bus1, city.senior, now, 0, terminal_sequence=first.terminal_sequence)
    forged = replace(bad(city.bus1, city.adult, now), terminal_sequence=first.terminal_sequence)
    findings = found(sessions, vault, city.bus1, [first, forged, other], now)
    assert sorted(findings) == [(), (), ("sequence_reused",)]
    assert findings[1] == ()
