"""Bad TACs are counted: exactly, in file order, whoever uploads at the same time."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from citizencard.db import Sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.flow import take_batch, take_records
from citizencard.purse.uploads.limits import BAD_TACS_OF_CARD, BAD_TACS_OF_TERMINAL, open_limits, release_limit
from citizencard.purse.uploads.receipts import BatchReceipt
from citizencard.purse.uploads.records import PurchaseRecord
from tests.citizencard.purse.uploads.make_records import (
    ADULT,
    MAKER,
    City,
    Device,
    TestCard,
    a_card,
    file_of,
    json_of,
    make_card,
    make_city,
    tap,
)

TOO_MANY_OF_TERMINAL = "too_many_bad_tacs_of_terminal"
TOO_MANY_OF_CARD = "too_many_bad_tacs_of_card"


def bad(device: Device, card: TestCard, at: datetime) -> PurchaseRecord:
    """A guess at a TAC."""
    record = tap(device, card, at, 180)
    return replace(record, tac=bytes([record.tac[0] ^ 1]) + record.tac[1:])


def send(
    sessions: Sessions, vault: SoftwareVault, device: Device, records: Sequence[PurchaseRecord], now: datetime
) -> BatchReceipt:
    return take_batch(sessions, vault, device.terminal_id, file_of(device, records), now)


def said(receipt: BatchReceipt) -> list[tuple[int, str]]:
    """Verdict or reason of each record, in the order of their sequences."""
    verdicts = [(one.record.terminal_sequence, str(one.verdict)) for one in receipt.verdicts]
    return sorted(verdicts + [(one.record.terminal_sequence, str(one.reason)) for one in receipt.kept])


def words(receipt: BatchReceipt) -> list[str]:
    return [word for _, word in said(receipt)]


def test_a_card_is_parked_at_its_fifth_bad_tac(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """Behind the fifth, in file order, nothing of the card is judged, good or bad, at whichever terminal; other cards ride on."""
    before, after, other = (tap(city.bus1, card, now, 180) for card in (city.adult, city.adult, city.lost))
    guesses = [bad(city.bus1, city.adult, now) for _ in range(BAD_TACS_OF_CARD + 1)]
    receipt = send(sessions, vault, city.bus1, [before, *guesses, after, after, other], now)
    kept = [TOO_MANY_OF_CARD] * 2
    verdicts = {one.record: str(one.verdict) for one in receipt.verdicts}
    assert [verdicts.get(one) for one in (before, *guesses, after, other)] == [
        "accepted",
        *["rejected"] * BAD_TACS_OF_CARD,
        None,
        None,
        "suspicious",
    ]
    assert [one.record for one in receipt.kept] == [guesses[-1], after, after]
    assert sum(receipt.counts().values()) + len(receipt.kept) == len(guesses) + 4
    elsewhere = [tap(city.bus2, city.adult, now, 180), bad(city.bus2, city.adult, now)]
    assert words(send(sessions, vault, city.bus2, elsewhere, now + timedelta(days=1))) == kept
    again = send(sessions, vault, city.bus1, [before, *guesses], now)
    assert words(again) == ["duplicate"] * (1 + BAD_TACS_OF_CARD) + [TOO_MANY_OF_CARD]
    assert again.as_json()["kept"] == [
        {
            "terminal_sequence": guesses[-1].terminal_sequence,
            "card_serial": city.adult.serial.hex().upper(),
            "tac": guesses[-1].tac.hex().upper(),
            "reason": TOO_MANY_OF_CARD,
        }
    ]


def test_a_terminal_is_parked_at_its_twentieth_bad_tac(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """However it spreads its guesses over cards; bytes that were judged are repeated and do not count; other terminals work on."""
    strangers = [a_card(900 + number) for number in range(3)]
    unknown = [tap(city.bus1, stranger, now, 180) for stranger in strangers]
    cards = (city.adult, city.senior, city.lost)
    assert 4 * len(cards) < BAD_TACS_OF_TERMINAL
    first = [bad(city.bus1, cards[number % 3], now) for number in range(4 * len(cards))]
    assert words(send(sessions, vault, city.bus1, [*unknown, *first], now)) == ["rejected"] * 15
    assert words(send(sessions, vault, city.bus1, first, now)) == ["duplicate"] * 12
    with transaction(sessions) as session:
        more = [make_card(session, 700 + number, ADULT, now - timedelta(hours=24)) for number in range(2)]
    second = [bad(city.bus1, more[number % 2], now) for number in range(8)]
    good = tap(city.bus1, city.adult, now, 180)
    receipt = send(sessions, vault, city.bus1, [*second, good, *first[:1]], now)
    assert words(receipt) == ["duplicate", *["rejected"] * 8, TOO_MANY_OF_TERMINAL]
    assert words(send(sessions, vault, city.bus2, [tap(city.bus2, city.senior, now, 0)], now)) == ["accepted"]
    with transaction(sessions) as session:
        (limit,) = open_limits(session, 0, 50)
        assert (limit.kind, limit.subject, limit.set_at) == ("terminal", city.bus1.number.hex().upper(), now)


def test_invented_numbers_share_the_limit_of_their_sender(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """Whoever makes up a terminal number for each few guesses is parked at the twentieth all the same; its own number works on."""
    with transaction(sessions) as session:
        cards = [make_card(session, 700 + number, ADULT, now - timedelta(hours=24)) for number in range(6)]
    heard: list[str] = []
    for number in range(6):
        invented = replace(city.bus1, number=bytes.fromhex(f"33029999{number:04}"))
        guesses = [bad(invented, card, now) for card in cards[number:] + cards[:number]][:4]
        heard += words(send(sessions, vault, invented, guesses, now))
    assert heard == ["rejected"] * BAD_TACS_OF_TERMINAL + [TOO_MANY_OF_TERMINAL] * 4
    again = replace(city.bus1, number=bytes.fromhex("330299990009"))
    one = tap(again, city.adult, now, 180)
    receipt = take_records(sessions, vault, again.terminal_id, json_of(again, [one]), now)
    assert words(receipt) == [TOO_MANY_OF_TERMINAL]
    assert words(send(sessions, vault, city.bus1, [tap(city.bus1, city.adult, now, 180)], now)) == ["accepted"]
    with transaction(sessions) as session:
        assert [limit.subject for limit in open_limits(session, 0, 50)] == [city.bus1.terminal_id]


def test_a_release_begins_anew(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> None:
    """What was parked is judged once a person has looked; then the count begins at nothing, and may reach the limit again."""
    guesses = [bad(city.bus1, city.adult, now) for _ in range(2 * BAD_TACS_OF_CARD + 1)]
    good = tap(city.bus1, city.adult, now, 180)
    assert words(send(sessions, vault, city.bus1, [*guesses, good], now)).count(TOO_MANY_OF_CARD) == 7
    with transaction(sessions) as session:
        (limit,) = open_limits(session, 0, 50)
        release_limit(session, limit.id, MAKER, "the reader was broken", now)
        assert open_limits(session, 0, 50) == []
    again = send(sessions, vault, city.bus1, [good, *guesses], now)
    assert words(again) == ["duplicate"] * 5 + ["rejected"] * 5 + [TOO_MANY_OF_CARD, "accepted"]
    with transaction(sessions) as session:
        assert [one.kind for one in open_limits(session, limit.id, 50)] == ["card"]


def test_midnight_in_beijing_begins_anew(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> None:
    """Four guesses a day are below the limit each day."""
    midnight = datetime.fromisoformat("2026-11-22T00:00:00+08:00")
    for at in (midnight - timedelta(seconds=1), midnight):
        guesses = [bad(city.bus1, city.adult, now) for _ in range(BAD_TACS_OF_CARD - 1)]
        assert words(send(sessions, vault, city.bus1, guesses, at)) == ["rejected"] * len(guesses)


def test_json_is_parked_like_a_file(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> None:
    """A small device gets the same answer."""
    records = [bad(city.bus1, city.adult, now) for _ in range(BAD_TACS_OF_CARD + 1)]
    receipt = take_records(sessions, vault, city.bus1.terminal_id, json_of(city.bus1, records), now)
    assert words(receipt) == ["rejected"] * BAD_TACS_OF_CARD + [TOO_MANY_OF_CARD]


def test_uploads_at_once_count_together(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Six uploads of two guesses each, at two terminals at the same time: five are judged, and not one more."""
    city = make_city(committed, now)
    parts = [[bad(device, city.adult, now) for _ in range(2)] for device in (city.bus1, city.bus2) * 3]
    answers: list[list[str]] = []
    start = threading.Barrier(len(parts))

    def one(number: int) -> None:
        start.wait()
        answers.append(words(send(committed, vault, (city.bus1, city.bus2)[number % 2], parts[number], now)))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(parts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [word for part in answers for word in part]
    assert (found.count("rejected"), found.count(TOO_MANY_OF_CARD)) == (BAD_TACS_OF_CARD, 12 - BAD_TACS_OF_CARD)
