"""Residents who register with their card, sign in and out."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from citizencard.audit import AuditEntry
from citizencard.db import Sessions, reading
from citizencard.keys.vault import SoftwareVault
from citizencard.residents.errors import (
    CardProofRefused,
    ResidentLoginTaken,
    ResidentSessionEnded,
    ResidentSignInRefused,
)
from citizencard.residents.flow import (
    ABSOLUTE_LIFE,
    IDLE_LIFE,
    LOCK_TIME,
    MAX_FAILURES,
    NewLogin,
    authenticate,
    begin_proof,
    change_password,
    register,
    sign_in,
    sign_out,
)
from citizencard.residents.models import Resident
from citizencard.staff.errors import LoginUnfit, PasswordUnfit
from citizencard.staff.passwords import Passwords
from tests.citizencard.cards.make_cards import CardWish, issue_card
from tests.citizencard.dump import dump
from tests.citizencard.residents.make_residents import PASSWORD, CardInHand, registered
from tests.citizencard.staff.make_staff import CHEAP

MINUTE = timedelta(minutes=1)
OTHER = "another long password"


def test_card_makes_a_login_and_the_password_opens_it(
    sessions: Sessions, vault: SoftwareVault, in_hand: CardInHand, now: datetime
) -> None:
    """A resident registers at home with the card and comes back the next day with login and password."""
    first = registered(sessions, vault, in_hand, now)
    who = authenticate(sessions, first.token, now + MINUTE, "req_1")
    assert (who.resident_id, who.person_id) == (first.resident_id, in_hand.card.person_id)
    assert (who.actor.kind, who.actor.id, who.actor.request_id) == ("resident", first.resident_id, "req_1")
    assert who.expires_at == now + ABSOLUTE_LIFE
    later = sign_in(sessions, CHEAP, "wang.xm", PASSWORD, now + timedelta(days=1))
    assert later.token != first.token
    assert later.person_id == in_hand.card.person_id
    with reading(sessions) as session:
        acts = list(session.scalars(select(AuditEntry.act).where(AuditEntry.subject == first.resident_id)))
    assert acts == ["resident.register", "resident.sign_in"]


def test_proof_that_was_used_makes_no_second_login(
    sessions: Sessions, vault: SoftwareVault, in_hand: CardInHand, now: datetime
) -> None:
    """A page that kept a proof cannot take the login over with it later."""
    proved = in_hand.prove(sessions, now)
    register(sessions, vault, CHEAP, proved, NewLogin("wang.xm", PASSWORD), now)
    with pytest.raises(CardProofRefused):
        register(sessions, vault, CHEAP, proved, NewLogin("wang.xm", OTHER), now)
    sign_in(sessions, CHEAP, "wang.xm", PASSWORD, now)


def test_card_gives_a_new_password_and_ends_what_stood_on_the_old(
    sessions: Sessions, vault: SoftwareVault, in_hand: CardInHand, now: datetime
) -> None:
    """Who has forgotten the password holds the card to the reader; who guessed the old one is out at once."""
    old = registered(sessions, vault, in_hand, now)
    proved = in_hand.answer(begin_proof(sessions, in_hand.card.serial, "reset", now))
    new = register(sessions, vault, CHEAP, proved, NewLogin("wang.xiaoming", OTHER), now)
    assert new.resident_id == old.resident_id
    with pytest.raises(ResidentSessionEnded):
        authenticate(sessions, old.token, now)
    for login, password in (("wang.xm", OTHER), ("wang.xiaoming", PASSWORD)):
        with pytest.raises(ResidentSignInRefused):
            sign_in(sessions, CHEAP, login, password, now)
    authenticate(sessions, new.token, now)
    sign_in(sessions, CHEAP, "wang.xiaoming", OTHER, now)


def test_unfit_choice_costs_no_second_proof(
    sessions: Sessions, vault: SoftwareVault, give_card: Callable[[], CardInHand], now: datetime
) -> None:
    """A resident whose wish is refused chooses again without another walk to the reader."""
    registered(sessions, vault, give_card(), now, "li.na")
    proved = give_card().prove(sessions, now)
    for login, password, refusal in (
        ("li.na", OTHER, ResidentLoginTaken),
        ("Wang", OTHER, LoginUnfit),
        ("w13800138000", OTHER, LoginUnfit),
        ("a11010519491231002x", OTHER, LoginUnfit),
        ("wang", "too short", PasswordUnfit),
        ("wang", "I am wang and here", PasswordUnfit),
    ):
        with pytest.raises(refusal):
            register(sessions, vault, CHEAP, proved, NewLogin(login, password), now)
    register(sessions, vault, CHEAP, proved, NewLogin("wang", OTHER), now)


def test_sessions_end_by_themselves(
    sessions: Sessions, vault: SoftwareVault, in_hand: CardInHand, now: datetime
) -> None:
    """A page left open in an internet café is worth nothing after a quarter of an hour."""
    token = registered(sessions, vault, in_hand, now).token
    authenticate(sessions, token, now + IDLE_LIFE - MINUTE)
    authenticate(sessions, token, now + 2 * IDLE_LIFE - 2 * MINUTE)
    with pytest.raises(ResidentSessionEnded):
        authenticate(sessions, token, now + 3 * IDLE_LIFE)
    used = sign_in(sessions, CHEAP, "wang.xm", PASSWORD, now).token
    at = now
    while at + 10 * MINUTE < now + ABSOLUTE_LIFE:
        at += 10 * MINUTE
        authenticate(sessions, used, at)
    with pytest.raises(ResidentSessionEnded):
        authenticate(sessions, used, now + ABSOLUTE_LIFE)


def test_sign_out_ends_this_session_only(
    sessions: Sessions, vault: SoftwareVault, in_hand: CardInHand, now: datetime
) -> None:
    """Signing out at the library leaves the session at home alone."""
    home = registered(sessions, vault, in_hand, now).token
    library = sign_in(sessions, CHEAP, "wang.xm", PASSWORD, now).token
    sign_out(sessions, library, now)
    sign_out(sessions, library, now)
    authenticate(sessions, home, now)
    for token in (library, "nobody's"):
        with pytest.raises(ResidentSessionEnded):
            authenticate(sessions, token, now)


def test_password_change_ends_every_session(
    sessions: Sessions, vault: SoftwareVault, in_hand: CardInHand, now: datetime
) -> None:
    """A resident who changes the password throws everybody else out, and has to know the old one."""
    first = registered(sessions, vault, in_hand, now).token
    second = sign_in(sessions, CHEAP, "wang.xm", PASSWORD, now).token
    with pytest.raises(ResidentSignInRefused):
        change_password(sessions, CHEAP, first, "not the old password", OTHER, now)
    with pytest.raises(PasswordUnfit):
        change_password(sessions, CHEAP, first, PASSWORD, "short", now)
    change_password(sessions, CHEAP, first, PASSWORD, OTHER, now)
    for token in (first, second):
        with pytest.raises(ResidentSessionEnded):
            authenticate(sessions, token, now)
    with pytest.raises(ResidentSignInRefused):
        sign_in(sessions, CHEAP, "wang.xm", PASSWORD, now)
    sign_in(sessions, CHEAP, "wang.xm", OTHER, now)


def test_tenth_failure_locks_and_a_quarter_of_an_hour_opens(
    sessions: Sessions, vault: SoftwareVault, in_hand: CardInHand, now: datetime
) -> None:
    """Guessing stops after ten tries; the eleventh is refused even if it is right, and an unknown login looks the same."""
    registered(sessions, vault, in_hand, now)
    for _ in range(MAX_FAILURES - 1):
        with pytest.raises(ResidentSignInRefused) as wrong:
            sign_in(sessions, CHEAP, "wang.xm", OTHER, now)
    sign_in(sessions, CHEAP, "wang.xm", PASSWORD, now)
    for _ in range(MAX_FAILURES):
        with pytest.raises(ResidentSignInRefused):
            sign_in(sessions, CHEAP, "wang.xm", OTHER, now)
    with pytest.raises(ResidentSignInRefused) as locked:
        sign_in(sessions, CHEAP, "wang.xm", PASSWORD, now + LOCK_TIME - MINUTE)
    for nobody in ("nobody", "", "wang.xm\0", "%", "x" * 10_000):
        with pytest.raises(ResidentSignInRefused) as unknown:
            sign_in(sessions, CHEAP, nobody, PASSWORD, now)
    assert str(wrong.value) == str(locked.value) == str(unknown.value)
    sign_in(sessions, CHEAP, " Wang.xm", PASSWORD, now + LOCK_TIME)


def test_unknown_and_locked_logins_cost_a_comparison(
    sessions: Sessions, vault: SoftwareVault, in_hand: CardInHand, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopwatch does not tell who has a login."""
    registered(sessions, vault, in_hand, now)
    stored: list[str | None] = []
    matches = type(CHEAP).matches

    def counted(passwords: Passwords, of: str | None, password: str) -> bool:
        stored.append(of)
        return matches(passwords, of, password)

    monkeypatch.setattr(type(CHEAP), "matches", counted)
    for login in ("nobody", *["wang.xm"] * (MAX_FAILURES + 1)):
        with pytest.raises(ResidentSignInRefused):
            sign_in(sessions, CHEAP, login, OTHER, now)
    assert len(stored) == MAX_FAILURES + 2
    assert stored[0] is stored[-1] is None


def test_guesses_in_parallel_do_not_outrun_the_count(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A botnet that guesses at once gets ten comparisons with the real password and not one more."""
    in_hand = CardInHand(*issue_card(committed, vault, now))
    registered(committed, vault, in_hand, now)

    def guess(_: int) -> None:
        with pytest.raises(ResidentSignInRefused):
            sign_in(committed, CHEAP, "wang.xm", OTHER, now)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(guess, range(24)))
    with reading(committed) as session:
        resident = session.scalars(select(Resident)).one()
        locks = session.scalar(select(func.count()).where(AuditEntry.act == "resident.lock"))
    assert (resident.failed_count, resident.locked_until, locks) == (MAX_FAILURES, now + LOCK_TIME, 1)


def test_two_cards_of_one_person_at_once_end_as_one_login(
    committed: Sessions, vault: SoftwareVault, now: datetime
) -> None:
    """Husband and wife who both register the same person's two cards at two readers leave one login and one living session."""
    one = CardInHand(*issue_card(committed, vault, now))
    two = CardInHand(*issue_card(committed, vault, now, CardWish(person_id=one.card.person_id)))
    proofs = [card.prove(committed, now) for card in (one, two, one, two)]
    start = Barrier(len(proofs))

    def go(number: int) -> str:
        start.wait(10)
        return register(committed, vault, CHEAP, proofs[number], NewLogin(f"wang.{number}", PASSWORD), now).token

    with ThreadPoolExecutor(len(proofs)) as pool:
        tokens = list(pool.map(go, range(len(proofs))))
    with reading(committed) as session:
        resident = session.scalars(select(Resident)).one()
    alive = [number for number, token in enumerate(tokens) if _is_alive(committed, token, now)]
    assert [f"wang.{number}" for number in alive] == [resident.login]


def test_one_proof_twice_at_once_makes_one_login(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A proof that is sent twice in the same moment is taken once."""
    in_hand = CardInHand(*issue_card(committed, vault, now))
    proved = in_hand.prove(committed, now)
    start = Barrier(4)

    def go(number: int) -> bool:
        start.wait(10)
        try:
            register(committed, vault, CHEAP, proved, NewLogin(f"wang.{number}", PASSWORD), now)
        except CardProofRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(go, range(4))) == 1


def test_neither_password_nor_token_is_stored_or_shown(
    sessions: Sessions, vault: SoftwareVault, in_hand: CardInHand, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    """A stolen copy of the database opens no resident's page."""
    caplog.set_level(logging.DEBUG)
    proved = in_hand.prove(sessions, now)
    wish = NewLogin("wang.xm", PASSWORD)
    signed_in = register(sessions, vault, CHEAP, proved, wish, now)
    with reading(sessions) as session:
        everything = dump(session)
        resident = session.scalars(select(Resident)).one()
    shown = repr((proved, wish, signed_in, resident)) + caplog.text + everything
    assert PASSWORD not in shown
    assert signed_in.token not in shown


def _is_alive(sessions: Sessions, token: str, now: datetime) -> bool:
    try:
        authenticate(sessions, token, now)
    except ResidentSessionEnded:
        return False
    return True
