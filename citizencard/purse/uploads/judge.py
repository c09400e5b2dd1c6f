"""The verdict on one record, from the record and the registry as of its tap alone: no database, no arrival order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from citizencard.cards.states import IN_CIRCULATION
from citizencard.merchants.models import MerchantKind
from citizencard.purse.uploads.facts import Facts
from citizencard.purse.uploads.models import FindingKind, Reason, Verdict
from citizencard.purse.uploads.records import PurchaseRecord, RecordKind
from citizencard.purse.uploads.subsidies import subsidies
from citizencard.purse.uploads.versions import has_history_rules
from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.transit.fares import CLAIMED
from citizencard.tariffs.transit.pricing import price
from citizencard.tariffs.transit.rides import Anchor, Priced, Ride

ISSUER: Final = bytes.fromhex("01013302FFFFFFFF")
ALGORITHM_3DES: Final = 0
CURRENCY: Final = "CNY"
"""Of every amount on a chip."""
OLDEST: Final = timedelta(days=30)
NEWEST: Final = timedelta(minutes=10)
LIMITS_FEN: Final[Mapping[str, int]] = {
    MerchantKind.BUS: 5_000,
    MerchantKind.PARKING: 50_000,
    MerchantKind.UTILITY: 100_000,
    MerchantKind.SHOP: 100_000,
    MerchantKind.METRO: 10_000,
    MerchantKind.TAXI: 50_000,
    MerchantKind.FUEL: 100_000,
}
"""The most that one tap may cost, by what is sold; no purse holds more than 100,000 fen."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said about a record, and what follows from it for money.

    Args:
        verdict: accepted, suspicious or rejected.
        reason: why it is not accepted.
        claims_identity: it is a tap with a good TAC; no other record can be the same tap.
        subsidies: what each sponsor pays the merchant for the difference to the full fare, in fen, in the order of the price's lines.
        findings: what a person should look at, with details.
        explanation: how the price came about, as data.
        rated_at_close: the version has rules over a card's history, which are applied when the day is closed.
    """

    verdict: Verdict
    reason: Reason | None = None
    claims_identity: bool = False
    subsidies: Mapping[str, int] = field(default_factory=dict)
    findings: Mapping[FindingKind, Mapping[str, int | str]] = field(default_factory=dict)
    explanation: Mapping[str, Any] = field(default_factory=dict)
    rated_at_close: bool = False

    @property
    def subsidy_fen(self) -> int:
        """What all sponsors together pay the merchant."""
        return sum(self.subsidies.values())


@dataclass(slots=True)
class Memo:
    """Judgements that were made before, for the length of a batch: most rides of a line and a class have one price and one reason."""

    accepted: dict[tuple[object, ...], tuple[Priced, Judgement]] = field(default_factory=dict)


def refuse_before_tac(record: PurchaseRecord, facts: Facts | None) -> Reason | None:
    """What can be said without asking for the TAC: a malformed record, a foreign or unknown card, a key version it does not have.

    Args:
        record: the record.
        facts: None when the record is malformed.
    """
    if record.fault() is not None or facts is None:
        return Reason.MALFORMED
    if record.issuer != ISSUER:
        return Reason.FOREIGN_ISSUER
    if facts.card is None:
        return Reason.UNKNOWN_CARD
    is_purchase = record.kind == RecordKind.PURCHASE
    if is_purchase and (record.key_version != facts.card.key_version or record.algorithm != ALGORITHM_3DES):
        return Reason.UNKNOWN_KEY_VERSION
    return None


def judge(
    record: PurchaseRecord, facts: Facts | None, *, tac_is_good: bool, now: datetime, memo: Memo | None = None
) -> Judgement:
    """Say accepted, suspicious or rejected: refusals first, then the TAC, then doubts; duplicates are the database's to find.

    Args:
        record: the record.
        facts: what the registry says; None when the record is malformed.
        tac_is_good: the vault's answer; of no account for kinds that carry none.
        now: when the upload came; bounds the times that are believed.
        memo: of the batch: equal prices are explained once.
    """
    reason = refuse_before_tac(record, facts)
    if reason is not None or facts is None:
        detail = {"field": record.fault() or ""} if reason is Reason.MALFORMED else {}
        return Judgement(Verdict.REJECTED, reason, explanation=detail)
    if record.kind != RecordKind.PURCHASE:
        # No TAC, no money, no identity. An unconfirmed purchase stays open until a proof or a later contact settles it.
        unconfirmed = record.kind == RecordKind.UNCONFIRMED
        findings = {FindingKind.UNCONFIRMED_PURCHASE: {"claimed_fen": record.amount_fen}} if unconfirmed else {}
        return Judgement(Verdict.ACCEPTED, findings=findings)
    if not tac_is_good:
        return Judgement(Verdict.REJECTED, Reason.BAD_TAC)
    suspicion = _suspicion(record, facts, now)
    if suspicion is not None:
        return Judgement(Verdict.SUSPICIOUS, suspicion, claims_identity=True, explanation=_paid(record))
    return _accept(record, facts, memo or Memo())


def _suspicion(record: PurchaseRecord, facts: Facts, now: datetime) -> Reason | None:
    """Why the payee is undecided although the chip has paid; the first reason of the list below."""
    tapped_at = record.tapped_at()
    limit_fen = LIMITS_FEN.get(facts.merchant_kind, 0)
    in_range = tapped_at is not None and now - OLDEST <= tapped_at <= now + NEWEST
    doubts = (
        (not facts.binding.registered, Reason.UNREGISTERED_PSAM),
        (facts.binding.merchant_id is None, Reason.UNBOUND_PSAM),
        (not in_range, Reason.DATE_OUT_OF_RANGE),
        (facts.state not in IN_CIRCULATION, Reason.CARD_NOT_IN_USE),
        (facts.hotlisted, Reason.HOTLISTED),
        (facts.module_hotlisted, Reason.MODULE_HOTLISTED),
        (record.amount_fen > limit_fen, Reason.OVER_LIMIT),
    )
    return next((reason for doubtful, reason in doubts if doubtful), None)


def _accept(record: PurchaseRecord, facts: Facts, memo: Memo) -> Judgement:
    """Accepted: reckon the price again from the registry's line and class, and what the sponsors owe for the difference."""
    if facts.binding.line is None:
        return Judgement(Verdict.ACCEPTED, claims_identity=True, explanation=_paid(record))
    findings: dict[FindingKind, Mapping[str, int | str]] = {}
    if record.line != facts.binding.line:
        findings[FindingKind.LINE_DIFFERS] = {"claimed": record.line, "bound": facts.binding.line}
    if facts.tariff is None or facts.tariff.version != record.tariff_version:
        findings[FindingKind.UNKNOWN_TARIFF] = {"claimed": record.tariff_version}
    try:
        priced = _price(record, facts, facts.binding.line)
    except RuleMissing as missing:
        findings[FindingKind.NO_PRICE] = {"line": facts.binding.line, "place": str(missing.fields["place"])}
        return Judgement(Verdict.ACCEPTED, claims_identity=True, findings=findings, explanation=_paid(record))
    except EventInvalid:
        findings[FindingKind.IMPOSSIBLE_BASE] = {"line": facts.binding.line, "claimed_fen": record.base_fare_fen}
        return Judgement(Verdict.ACCEPTED, claims_identity=True, findings=findings, explanation=_paid(record))
    if findings or facts.card is None:
        return _accepted(record, facts, priced, findings)
    # The price of a ride that is no change is one object of its tariff: it and what was paid say everything else.
    key = (id(priced.quote), id(facts.tariff), facts.card.card_class, facts.base_fare_fen, record.amount_fen)
    known = memo.accepted.get(key)
    if known is None:
        known = memo.accepted[key] = priced, _accepted(record, facts, priced, findings)
    return known[1]


def _accepted(
    record: PurchaseRecord, facts: Facts, priced: Priced, findings: dict[FindingKind, Mapping[str, int | str]]
) -> Judgement:
    if priced.quote.minor != record.amount_fen:
        findings[FindingKind.PRICE_DIFFERENCE] = {"paid_fen": record.amount_fen, "expected_fen": priced.quote.minor}
    owed = subsidies(priced, _full_fare(priced, facts), record.amount_fen)
    return Judgement(
        Verdict.ACCEPTED,
        claims_identity=True,
        subsidies=owed,
        findings=findings,
        explanation={**_paid(record), **_explain(priced, facts), "subsidies": dict(owed)},
        rated_at_close=facts.tariff is not None and has_history_rules(facts.tariff),
    )


def _price(record: PurchaseRecord, facts: Facts, line: int) -> Priced:
    """The price from the record alone.

    Raises:
        RuleMissing: no tariff was in force, or it has no rule for this line or class.
        EventInvalid: no ride of this line can have the base fare that the record names.
    """
    tapped_at, anchored_at = record.tapped_at(), record.anchored_at()
    if facts.tariff is None or facts.card is None or tapped_at is None:
        raise RuleMissing("no tariff was in force", place="")
    if facts.tariff.money.currency != CURRENCY:
        raise RuleMissing(f"tariff {facts.tariff.version} says nothing in {CURRENCY}", place="currency")
    anchor = None if anchored_at is None else Anchor(record.anchor_line, anchored_at)
    ride = Ride(line, facts.card.card_class, tapped_at, anchor, claimed_base=record.base_fare_fen)
    return price(facts.tariff, ride)


def _full_fare(priced: Priced, facts: Facts) -> int:
    """The full fare that sponsors make up: the tariff's, to which two people agreed and which changes with each version.

    A line in the registry keeps the fare that it began with. It bounds what a base that only the record names, and its TAC does not
    cover, can cost a sponsor.
    """
    if facts.base_fare_fen is None or priced.quote.lines[0].facts.get("by") != CLAIMED:
        return priced.base
    return min(priced.base, facts.base_fare_fen)


def _paid(record: PurchaseRecord) -> dict[str, Any]:
    return {"paid_fen": record.amount_fen}


def _explain(priced: Priced, facts: Facts) -> dict[str, Any]:
    """How the price came about, for the holder's page: the lines of the price, by which version and for which class."""
    explained: dict[str, Any] = priced.quote.as_data()
    if facts.tariff is not None and facts.card is not None and facts.tariff.transit is not None:
        explained["tariff_version"] = facts.tariff.version
        explained["class_name"] = facts.tariff.transit.classes[facts.card.card_class]
    return explained
