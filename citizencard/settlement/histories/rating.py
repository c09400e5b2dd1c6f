"""Rating with history: each ride under the version that priced it, the card's state carried from ride to ride and from night to night."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.purse.uploads.models import CardHistory
from citizencard.settlement.histories.rides import JudgedRide
from citizencard.tariffs.document import Tariff
from citizencard.tariffs.quotes import Quote
from citizencard.tariffs.transit.history import CardRide, History, rate
from citizencard.tariffs.versions import read_version, tariff_version


class Rating:
    """The histories of some cards while their rides are rated.

    Args:
        session: of the caller's transaction.
        cards: whose.
        horizon: rides before this instant are all in; what they come to is kept, so that they need not be rated again.
    """

    def __init__(self, session: Session, cards: Sequence[str], horizon: datetime) -> None:
        self._session = session
        self._horizon = horizon
        stored = session.scalars(select(CardHistory).where(CardHistory.card_id.in_(cards)))
        self._rows = {row.card_id: row for row in stored}
        self._tariffs: dict[int, Tariff] = {}

    def rate(self, rides: Iterable[JudgedRide]) -> Iterator[tuple[JudgedRide, Quote]]:
        """What each ride costs by all rules; the rides come card by card, in tap order."""
        for card_id, of_card in groupby(rides, key=lambda one: one.card_id):
            row = self._rows.get(card_id)
            history = History() if row is None else History.of_data(row.state)
            for is_final, part in groupby(of_card, key=lambda one: one.ride.at < self._horizon):
                yield from self._rate_card(history, list(part))
                if is_final:
                    self._keep(card_id, history)

    def _rate_card(self, history: History, rides: Sequence[JudgedRide]) -> Iterator[tuple[JudgedRide, Quote]]:
        """Rides of one card; those in a row under one version are rated together."""
        for version, part in groupby(rides, key=lambda one: one.version):
            run = list(part)
            card_id = run[0].card_id
            asked = [CardRide(card_id, one.ride, str(one.record_id)) for one in run]
            for one, rated in zip(run, rate(self._tariff(version), asked, {card_id: history}), strict=True):
                yield one, rated.quote

    def _keep(self, card_id: str, history: History) -> None:
        """Store what the final rides come to; at most one row a card, written in the caller's transaction."""
        row = self._rows.get(card_id)
        if row is None:
            row = self._rows[card_id] = CardHistory(card_id=card_id, until=self._horizon, state=history.as_data())
            self._session.add(row)
            return
        row.until, row.state = self._horizon, history.as_data()

    def _tariff(self, version: int) -> Tariff:
        if version not in self._tariffs:
            self._tariffs[version] = read_version(tariff_version(self._session, version))
        return self._tariffs[version]
