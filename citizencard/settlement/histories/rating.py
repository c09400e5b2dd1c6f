"""Rating with history: each ride under the version that priced it, the card's state carried from ride to ride and from night to night."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.purse.uploads.models import CardHistory
from citizencard.settlement.histories.rides import JudgedRide, rides_of
from citizencard.tariffs.document import Tariff
from citizencard.tariffs.quotes import Quote
from citizencard.tariffs.transit.history import CardRide, History, rate
from citizencard.tariffs.versions import read_version, tariff_version

KEPT_FOR: Final = timedelta(days=31)
"""So much older than it could be may what is kept as final be: a ride is rated about twice, and a late one brings two months of rides."""


class Rating:
    """The histories of some cards while their rides are rated.

    A card goes on from where it was rated last. When a ride has come in that lies before that, and now and then to keep what has become
    final, it is rated again from what is final.

    Args:
        session: of the caller's transaction.
        cards: whose.
        first_new: the time of the first ride of each that is rated for the first time, see `take_waiting`.
        horizon: rides before this instant are all in.
    """

    def __init__(
        self, session: Session, cards: Sequence[str], first_new: Mapping[str, datetime], horizon: datetime
    ) -> None:
        self._session = session
        self._horizon = horizon
        stored = session.scalars(select(CardHistory).where(CardHistory.card_id.in_(cards)))
        self._rows = {row.card_id: row for row in stored}
        self._further = {card_id for card_id, row in self._rows.items() if self._goes_on(row, first_new.get(card_id))}
        self._whole = set(cards) - self._further
        self._tariffs: dict[int, Tariff] = {}

    def rate(self) -> Iterator[tuple[JudgedRide, Quote]]:
        """What each ride costs by all rules, card by card in tap order; histories are stored in the caller's transaction."""
        rides = rides_of(self._session, sorted(self._whole), sorted(self._further))
        for card_id, of_card in groupby(rides, key=lambda one: one.card_id):
            row = self._rows.get(card_id)
            if row is not None and card_id in self._further:
                yield from self._go_on(row, list(of_card))
            else:
                yield from self._begin_again(card_id, row, of_card)

    def _go_on(self, row: CardHistory, rides: Sequence[JudgedRide]) -> Iterator[tuple[JudgedRide, Quote]]:
        history = History.of_data(row.rated_state)
        yield from self._rate_card(history, rides)
        row.rated_state, row.rated_until = history.as_data(), rides[-1].ride.at

    def _begin_again(
        self, card_id: str, row: CardHistory | None, rides: Iterable[JudgedRide]
    ) -> Iterator[tuple[JudgedRide, Quote]]:
        history = History() if row is None else History.of_data(row.state)
        # What is final stays so, also when the close of an earlier day is run again.
        until = self._horizon if row is None else max(self._horizon, row.until)
        state, rated_until = history.as_data(), until
        for is_final, part in groupby(rides, key=lambda one: one.ride.at < until):
            run = list(part)
            yield from self._rate_card(history, run)
            rated_until = run[-1].ride.at
            if is_final:
                state = history.as_data()
        if row is None:
            row = CardHistory(card_id=card_id)
            self._session.add(row)
        row.state, row.until = state, until
        row.rated_state, row.rated_until = history.as_data(), rated_until

    def _goes_on(self, row: CardHistory, first_new: datetime | None) -> bool:
        """Whether all new rides of a card come after those that were rated, and what is kept as final is not too old."""
        comes_after = first_new is None or first_new > row.rated_until
        return comes_after and row.until >= self._horizon - KEPT_FOR

    def _rate_card(self, history: History, rides: Sequence[JudgedRide]) -> Iterator[tuple[JudgedRide, Quote]]:
        """Rides of one card; those in a row under one version are rated together."""
        for version, part in groupby(rides, key=lambda one: one.version):
            run = list(part)
            card_id = run[0].card_id
            asked = [CardRide(card_id, one.ride, str(one.record_id), one.charged.paid_fen) for one in run]
            for one, rated in zip(run, rate(self._tariff(version), asked, {card_id: history}), strict=True):
                yield one, rated.quote

    def _tariff(self, version: int) -> Tariff:
        if version not in self._tariffs:
            self._tariffs[version] = read_version(tariff_version(self._session, version))
        return self._tariffs[version]
