"""The bus validator: one ride off-line, in the order in which nothing can be lost.

    read the card → finish what it left torn → price → INITIALIZE → MAC1 → trip record → intent stored → DEBIT → record stored
    → MAC2 checked → green

The intent is durable before DEBIT is sent and the record before the light is green. If the card leaves after DEBIT was sent, nobody
knows whether it was debited; the intent waits until the same card comes back and says so.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hardware.card.bcd import bcd_date, bcd_instant, bcd_time
from hardware.card.channel import CardChannel, send
from hardware.card.crypto import TTI_COMPOUND_PURCHASE
from hardware.card.profile import TRIP_SFI
from hardware.card.psam import InitSamForPurchase
from hardware.card.purse import DebitForPurchase, InitializeForPurchase, PurchaseInitialization, UpdateCompoundCache
from hardware.card.status import StatusWord
from hardware.card.transit import Industry, TransferAnchor, TripRecord, TripType
from hardware.errors import CardRefused, CardRemoved, MalformedCardData, PsamRefused
from hardware.terminal.batch import NO_ANCHOR_TIME, NO_TAC, BatchHead, RecordKind, TapRecord
from hardware.terminal.card_reading import CardFacts, read_card
from hardware.terminal.errors import UnknownCardClass
from hardware.terminal.fares import DeviceTable, Fare, Ride, price
from hardware.terminal.hotlist import Hotlist
from hardware.terminal.outbox import Outbox
from hardware.terminal.psam_slot import PsamIdentity, PsamSlot
from hardware.terminal.recovery import Finding, judge, tapped_at

APPEND: Final = 0

# Refusals of DEBIT after which the card is certainly not debited; after any other answer it is asked when it comes back.
_NOT_DEBITED: Final = frozenset(
    {
        StatusWord.WRONG_LENGTH,
        StatusWord.NOT_ACCEPTED,
        StatusWord.SECURITY_STATUS,
        StatusWord.CONDITIONS_OF_USE,
        StatusWord.WRONG_P1P2,
        StatusWord.UNKNOWN_INS,
        StatusWord.UNKNOWN_CLA,
        StatusWord.MAC_INVALID,
        StatusWord.PERMANENTLY_LOCKED,
        StatusWord.INSUFFICIENT_BALANCE,
        StatusWord.COUNTER_AT_MAXIMUM,
    }
)


class Outcome(StrEnum):
    """What the validator shows. Green: accepted, recovered. Everything else is red with its own words."""

    ACCEPTED = "accepted"
    RECOVERED = "recovered"
    PRESENT_AGAIN = "present_again"
    HOTLISTED = "hotlisted"
    NOT_VALID = "not_valid"
    FOREIGN = "foreign"
    UNKNOWN_CLASS = "unknown_class"
    BALANCE_TOO_LOW = "balance_too_low"
    NOT_GENUINE = "not_genuine"
    CARD_FAULT = "card_fault"


@dataclass(frozen=True, slots=True)
class ValidatorSettings:
    """Where this validator is.

    Args:
        terminal_number: 6 bytes BCD, as in its PSAM.
        psam_serial: 10 bytes, as in its PSAM.
        line: the line it runs on, 1 to 65,535. stop: 0 when the fare does not depend on it.
        issuer: the 8 bytes of EF15 of the cards it takes.
        acquirer: 8 bytes, written into the trip record.
        city: 4 digits. city_factor: second diversification factor, 8 bytes.
        key_index: which purchase key of the card is used.
        same_ride_s: how long after a torn debit the card's return still means the same ride.
    """

    terminal_number: bytes
    psam_serial: bytes
    line: int
    stop: int = 0
    issuer: bytes = bytes.fromhex("01013302FFFFFFFF")
    acquirer: bytes = bytes.fromhex("01013302FFFFFFFF")
    city: str = "3302"
    city_factor: bytes = bytes.fromhex("3302FF0000000000")
    key_index: int = 0x01
    same_ride_s: int = 600

    def batch_head(self, parameter_version: int, hotlist_version: int, at: datetime) -> BatchHead:
        """What the header of a batch built at this time says; the outbox gives the batch its number."""
        created = bcd_instant(at)
        return BatchHead(self.terminal_number, self.psam_serial, 0, parameter_version, hotlist_version, created)


@dataclass(frozen=True, slots=True)
class TapResult:
    """What came of a tap.

    Args:
        outcome: what the validator shows.
        amount_fen: what this ride cost the card; 0 when it was refused or free.
        balance_fen: what is left on the card, None when unknown.
        record: the record of this ride in the outbox, None when there is none.
        recovered: records of earlier torn debits that this card proved now (for `recovered`, the ride itself).
        text: one sentence for the display.
    """

    outcome: Outcome
    amount_fen: int
    balance_fen: int | None
    record: TapRecord | None
    recovered: tuple[TapRecord, ...]
    text: str

    @property
    def is_green(self) -> bool:
        """Whether the passenger may board."""
        return self.outcome in (Outcome.ACCEPTED, Outcome.RECOVERED)


class _Refused(Exception):
    """This card does not ride: ends a tap from within."""

    def __init__(self, outcome: Outcome, text: str, balance_fen: int | None = None) -> None:
        self.outcome = outcome
        self.text = text
        self.balance_fen = balance_fen
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class _Ride:
    facts: CardFacts
    card_class: int
    fare: Fare
    purchase: PurchaseInitialization
    at: datetime


class BusValidator:
    """A validator at the door of a bus.

    Args:
        psam: the terminal's security module.
        outbox: its memory.
        table: the device table in force; may be replaced between taps.
        settings: where it is.
        hotlist: the list it holds; may be replaced between taps.

    Raises:
        PsamMismatch: the module is another terminal's.
        PsamRefused, PsamAbsent: the module does not answer as it should.
    """

    def __init__(
        self, psam: CardChannel, outbox: Outbox, table: DeviceTable, settings: ValidatorSettings, hotlist: Hotlist
    ) -> None:
        self._psam = PsamSlot(psam)
        self._outbox = outbox
        self._settings = settings
        self.table = table
        self.hotlist = hotlist
        self._psam.power_up(PsamIdentity(settings.psam_serial, settings.terminal_number))

    def tap(self, card: CardChannel, at: datetime) -> TapResult:
        """Take one ride from a card.

        Args:
            card: the card in the field, just powered up.
            at: the validator's clock (aware); whole seconds count, since that is what is signed.

        Raises:
            OutboxFull: no room to keep a debit; the card was not touched.
            UnknownLine, RideNotPriced, DeviceTableNotInForce: the terminal is not set up for this ride.
            PsamSequenceReused, PsamRefused, PsamAbsent: the terminal goes out of service; the card was not debited.
        """
        self._outbox.demand_room()
        recovered: list[TapRecord] = []
        try:
            return self._tap(card, at.replace(microsecond=0), recovered)
        except _Refused as refused:
            outcome, text, balance_fen = refused.outcome, refused.text, refused.balance_fen
        except PsamRefused:
            raise
        except CardRemoved:
            outcome, text, balance_fen = Outcome.PRESENT_AGAIN, "please present the card again", None
        except (CardRefused, MalformedCardData) as error:
            outcome, text, balance_fen = Outcome.CARD_FAULT, f"the card cannot be used here: {error}", None
        return TapResult(outcome, 0, balance_fen, None, tuple(recovered), text)

    def _tap(self, card: CardChannel, at: datetime, recovered: list[TapRecord]) -> TapResult:
        facts = read_card(card)
        open_debits = self._recover(card, facts, recovered)
        ride = next((r for r in recovered if self._is_same_ride(r, at)), None)
        if ride is not None:
            text = f"thank you, the ride was paid: {_yuan(ride.amount_fen)}"
            return TapResult(Outcome.RECOVERED, ride.amount_fen, ride.balance_after_fen, ride, tuple(recovered), text)
        self._refuse_unless_welcome(facts, at)
        card_class = facts.class_at(at)
        try:
            fare = price(self.table, Ride(self._settings.line, card_class, at, facts.anchor))
        except UnknownCardClass as error:
            raise _Refused(Outcome.UNKNOWN_CLASS, str(error)) from None
        purchase = self._initialize(card, fare.price_fen)
        for pending in open_debits:
            if pending.card_counter == purchase.offline_seq:  # the counter did not move: that debit was never made
                self._outbox.drop(pending.terminal_sequence)
        record = self._debit(card, _Ride(facts, card_class, fare, purchase, at))
        text = f"{_yuan(record.amount_fen)}, balance {_yuan(record.balance_after_fen)} ({fare.explanation})"
        return TapResult(Outcome.ACCEPTED, record.amount_fen, record.balance_after_fen, record, tuple(recovered), text)

    def _recover(self, card: CardChannel, facts: CardFacts, recovered: list[TapRecord]) -> list[TapRecord]:
        """Ask the card about its debits that had no answer; returns those that only its counter can decide."""
        undecided: list[TapRecord] = []
        for pending in self._outbox.pending_of(facts.holder):
            judgement = judge(card, pending, self._settings.terminal_number)
            if judgement.finding is Finding.NOT_DEBITED:
                self._outbox.drop(pending.terminal_sequence)
            elif judgement.finding is Finding.UNDECIDED:
                undecided.append(pending)
            elif judgement.proof is not None:
                if self._psam.confirms(pending.terminal_sequence, judgement.proof.mac) is False:
                    raise _Refused(Outcome.NOT_GENUINE, "the card could not prove its debit")
                recovered.append(self._outbox.complete(pending.terminal_sequence, judgement.proof.tac))
        return undecided

    def _is_same_ride(self, record: TapRecord, at: datetime) -> bool:
        # either way: between the two the clock may have been set back
        return abs(at - tapped_at(record)) <= timedelta(seconds=self._settings.same_ride_s)

    def _refuse_unless_welcome(self, facts: CardFacts, at: datetime) -> None:
        if facts.public.issuer != self._settings.issuer:
            raise _Refused(Outcome.FOREIGN, "cards of this issuer are not taken here")
        if self.hotlist.refuses(facts.public.serial):
            raise _Refused(Outcome.HOTLISTED, "the card is blocked; please ask at a service counter")
        if not facts.is_valid_at(at):
            raise _Refused(
                Outcome.NOT_VALID, f"the card is valid from {facts.public.valid_from} to {facts.public.valid_to}"
            )

    def _initialize(self, card: CardChannel, amount_fen: int) -> PurchaseInitialization:
        settings = self._settings
        command = InitializeForPurchase(settings.key_index, amount_fen, settings.terminal_number, compound=True)
        try:
            return command.parse(send(card, command.command()))
        except CardRefused as error:
            if error.sw == StatusWord.INSUFFICIENT_BALANCE:
                raise _Refused(Outcome.BALANCE_TOO_LOW, f"the balance is below {_yuan(amount_fen)}") from None
            raise

    def _debit(self, card: CardChannel, ride: _Ride) -> TapRecord:
        date, time = bcd_date(ride.at), bcd_time(ride.at)
        authorization = self._psam.authorise(
            InitSamForPurchase(
                random=ride.purchase.random,
                card_seq=ride.purchase.offline_seq,
                amount_fen=ride.fare.price_fen,
                tti=TTI_COMPOUND_PURCHASE,
                date=date,
                time=time,
                key_version=ride.purchase.key_version,
                algorithm=ride.purchase.algorithm,
                factors=(ride.facts.public.factor, self._settings.city_factor),
            )
        )
        intent = self._intent(ride, authorization.terminal_seq)
        send(card, UpdateCompoundCache(TRIP_SFI, APPEND, self._trip(ride, intent).encode()).command())
        self._outbox.begin(intent)
        debit = DebitForPurchase(intent.terminal_sequence, date, time, authorization.mac1)
        try:
            proof = debit.parse(send(card, debit.command()))
        except CardRefused as error:
            if error.sw in _NOT_DEBITED:
                self._outbox.drop(intent.terminal_sequence)
            raise
        record = self._outbox.complete(intent.terminal_sequence, proof.tac)
        if self._psam.confirms(intent.terminal_sequence, proof.mac2) is False:
            self._outbox.take_back(record)
            raise _Refused(Outcome.NOT_GENUINE, "the card could not prove its debit")
        return record

    def _intent(self, ride: _Ride, terminal_sequence: int) -> TapRecord:
        anchor = ride.facts.anchor
        return TapRecord(
            kind=RecordKind.UNCONFIRMED,
            type=TTI_COMPOUND_PURCHASE,
            issuer=ride.facts.public.issuer,
            card_serial=ride.facts.public.serial,
            terminal_sequence=terminal_sequence,
            card_counter=ride.purchase.offline_seq,
            amount_fen=ride.fare.price_fen,
            balance_after_fen=max(0, ride.purchase.balance_fen - ride.fare.price_fen),
            date=bcd_date(ride.at),
            time=bcd_time(ride.at),
            key_index=self._settings.key_index,
            key_version=ride.purchase.key_version,
            algorithm=ride.purchase.algorithm,
            tac=NO_TAC,
            tariff_version=self.table.version,
            line=self._settings.line,
            stop=self._settings.stop,
            card_class=ride.card_class,
            base_fare_fen=ride.fare.base_fen,
            anchor_line=0 if anchor is None else anchor.line,
            anchor_time=NO_ANCHOR_TIME if anchor is None else bcd_instant(anchor.at),
        )

    def _trip(self, ride: _Ride, intent: TapRecord) -> TripRecord:
        settings, anchor = self._settings, ride.fare.next_anchor
        return TripRecord(
            type=TripType.SINGLE_RIDE,
            terminal=settings.terminal_number,
            industry=Industry.BUS,
            line=settings.line,
            stop=settings.stop,
            amount_fen=intent.amount_fen,
            balance_fen=intent.balance_after_fen,
            at=ride.at,
            city=settings.city,
            acquirer=settings.acquirer,
            anchor=None if anchor is None else TransferAnchor(anchor.line, anchor.at),
        )


def _yuan(fen: int) -> str:
    return f"¥{fen // 100}.{fen % 100:02d}"
