"""A token in trouble: sessions that are lost, tokens pulled out, wrong PINs, other users, forks and many threads at once."""

import ctypes
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pkcs11
import pytest

from citizencard.config import TokenPlace
from citizencard.errors import CitizencardError
from citizencard.keys.errors import (
    KeysError,
    TokenFailed,
    TokenInUse,
    TokenMalformed,
    TokenMissing,
    TokenModuleMissing,
    TokenPinLocked,
    TokenPinWrong,
    VaultExposed,
    VaultMissing,
)
from citizencard.keys.hsm import FieldContext, KeyRole
from citizencard.keys.pkcs11 import connection
from citizencard.keys.pkcs11.refusals import refusal_of
from citizencard.keys.pkcs11.store import TokenTerms
from citizencard.keys.pkcs11.vault import TokenVault
from citizencard.keys.vault_file import KeyState
from tests.citizencard.keys.make_vault import COMPLETE_MASTERS
from tests.citizencard.keys.questions import LOAD_MAC2
from tests.citizencard.keys.softhsm import MODULE, SO_PIN, SoftHsm

MAC2 = bytes.fromhex("C1B6915B")
PLACE = FieldContext("person", "name", "per_1")


@pytest.fixture(scope="module")
def place(softhsm: SoftHsm) -> TokenPlace:
    """A token with the complete masters; tests leave it as it was."""
    place = softhsm.token("trouble")
    TokenVault.create(place, "test", TokenTerms(masters=COMPLETE_MASTERS)).close()
    return place


@pytest.fixture
def token(place: TokenPlace) -> Iterator[TokenVault]:
    """The token, logged in."""
    token = TokenVault.open(place, "test")
    yield token
    token.close()


def initialised_again() -> None:
    """What another part of the process may do to the module: every session and login is gone."""
    with connection._MODULES.lock:
        connection._MODULES.open(MODULE, anew=True)


def module_call(name: str, token: TokenVault, argument: str) -> None:
    """Call the module behind the adapter's back, for this token's slot or session."""
    session: Any = token.store.ask(lambda ring: ring.session)
    number = {"slot": session.token.slot.slot_id, "session": session.handle}[argument]
    assert getattr(ctypes.CDLL(str(MODULE)), name)(ctypes.c_ulong(number)) == 0


def finalised() -> None:
    """The module as if nobody had ever initialised it."""
    assert ctypes.CDLL(str(MODULE)).C_Finalize(None) == 0


LOSSES: dict[str, Callable[[TokenVault], None]] = {
    "module initialised again": lambda _: initialised_again(),
    "sessions closed": lambda token: module_call("C_CloseAllSessions", token, "slot"),
    "logged out": lambda token: module_call("C_Logout", token, "session"),
    "module finalised": lambda _: finalised(),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_lost_session_is_opened_again_within_the_question(token: TokenVault, loss: str) -> None:
    """A network that blinks costs a clerk nothing: the same question is answered in a new session, and so is a change of keys."""
    value = token.encrypt(PLACE, "张伟")
    asks: tuple[Callable[[], bool], ...] = (
        lambda: token.load_mac2(LOAD_MAC2) == MAC2,
        lambda: token.decrypt(PLACE, value) == "张伟",
        lambda: len(token.sign_agent_step(b"citizencard-agent step 1\n")) == 64,
        lambda: token.set_state("tac-01-v01", KeyState.RETIRED).state is KeyState.RETIRED,
        lambda: token.set_state("tac-01-v01", KeyState.ACTIVE).state is KeyState.ACTIVE,
    )
    for ask in asks:
        LOSSES[loss](token)
        assert ask()


def test_token_that_was_pulled_out_is_used_again_when_it_is_back(
    softhsm: SoftHsm, place: TokenPlace, token: TokenVault
) -> None:
    """While the token is away every question is refused as such; when it is back nobody has to start the server again."""
    softhsm.take_away(place)
    try:
        initialised_again()
        for _ in range(2):
            with pytest.raises(TokenMissing):
                token.load_mac2(LOAD_MAC2)
    finally:
        softhsm.bring_back(place)
    assert token.load_mac2(LOAD_MAC2) == MAC2


def test_token_that_vanishes_under_an_open_session(softhsm: SoftHsm, place: TokenPlace, token: TokenVault) -> None:
    """Pulled out in mid-work, the token gives refusals and no wrong answers."""
    value = token.encrypt(PLACE, "张伟")
    softhsm.take_away(place)
    try:
        with pytest.raises(TokenMissing):
            token.decrypt(PLACE, value)
    finally:
        softhsm.bring_back(place)
    assert token.decrypt(PLACE, value) == "张伟"


def test_wrong_pin_is_tried_once(tmp_path: Path, place: TokenPlace) -> None:
    """A mistyped PIN file does not lock the city's token: the server asks once and says so until it is started again."""
    wrong = replace(place, pin_file=tmp_path / "pin")
    wrong.pin_file.touch(mode=0o600)
    wrong.pin_file.write_text("no pin at all\n")
    kept = connection.TokenConnection(wrong, lambda session: session)
    with pytest.raises(TokenPinWrong):
        kept.ask(lambda session: session)
    wrong.pin_file.write_bytes(place.pin_file.read_bytes())
    with pytest.raises(TokenPinWrong):
        kept.ask(lambda session: session)
    started_again = TokenVault.open(wrong)
    assert started_again.realm == "test"
    started_again.close()


def test_pin_file_is_its_owners_alone(tmp_path: Path, place: TokenPlace) -> None:
    """A PIN that others can read, or none, is refused before the token is touched."""
    named = replace(place, pin_file=tmp_path / "pin")
    with pytest.raises(VaultMissing, match="write the token's PIN"):
        TokenVault.open(named)
    named.pin_file.write_text("1234")
    named.pin_file.chmod(0o640)
    with pytest.raises(VaultExposed):
        TokenVault.open(named)
    named.pin_file.chmod(0o600)
    for content in (b"", b"\n1234", b"\xff\xfe"):
        named.pin_file.write_bytes(content)
        with pytest.raises(TokenPinWrong):
            TokenVault.open(named)


def test_security_officer_at_work_is_waited_for(token: TokenVault) -> None:
    """While the officer is logged in the city's questions are refused as such, and answered when he has left."""
    session = token.store.ask(lambda ring: ring.session)
    token.close()
    officer = session.token.open(rw=True, so_pin=SO_PIN)
    try:
        with pytest.raises(TokenInUse):
            token.load_mac2(LOAD_MAC2)
    finally:
        officer.close()
    assert token.load_mac2(LOAD_MAC2) == MAC2


def test_what_is_no_module_or_no_token_is_said(tmp_path: Path, place: TokenPlace) -> None:
    """Whoever installs the product learns which setting is wrong."""
    nothing = tmp_path / "nothing.so"
    nothing.write_bytes(b"no library")
    for module in (tmp_path / "missing.so", nothing):
        with pytest.raises(TokenModuleMissing, match="cannot be loaded"):
            TokenVault.open(replace(place, module=module))
    with pytest.raises(TokenMissing):
        TokenVault.open(replace(place, label="nowhere"))


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (pkcs11.PinLocked, TokenPinLocked),
        (pkcs11.PinExpired, TokenPinWrong),
        (pkcs11.DeviceRemoved, TokenMissing),
        (pkcs11.TokenNotPresent, TokenMissing),
        (pkcs11.AnotherUserAlreadyLoggedIn, TokenInUse),
        (pkcs11.MultipleTokensReturned, TokenMalformed),
        (pkcs11.DeviceError, TokenFailed),
        (pkcs11.PKCS11Error, TokenFailed),
    ],
)
def test_return_codes_mean_refusals(error: type[pkcs11.PKCS11Error], refusal: type[KeysError]) -> None:
    """What a module says is told in the city's words; its own text, which may quote what it was given, is not."""
    told = refusal_of(error("quoted 87654321"))
    assert type(told) is refusal
    assert "87654321" not in str(told)


def test_child_after_a_fork_has_its_own_session(token: TokenVault) -> None:
    """A worker that was forked from a server with an open token, even in mid-call, answers for itself and leaves the parent's session."""
    held, forked = threading.Event(), threading.Event()

    def in_mid_call() -> None:
        with connection._MODULES.lock:
            held.set()
            forked.wait(30)

    thread = threading.Thread(target=in_mid_call)
    parents = token.store.ask(lambda ring: ring.session)
    thread.start()
    held.wait(30)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            answered = token.load_mac2(LOAD_MAC2) == MAC2 and token.load_mac2(LOAD_MAC2) == MAC2
            status = 0 if answered and token.store.ask(lambda ring: ring.session) is not parents else 2
        finally:
            os._exit(status)
    forked.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert token.load_mac2(LOAD_MAC2) == MAC2
    assert token.store.ask(lambda ring: ring.session) is parents


def test_many_threads_share_one_session(token: TokenVault) -> None:
    """The threads of a server get each its own answer, also while sessions are lost under them."""
    value = token.encrypt(PLACE, "张伟")

    def work(number: int) -> bool:
        if number % 10 == 9:
            initialised_again()
        index = token.blind_index("document", str(number))
        return (
            token.load_mac2(LOAD_MAC2) == MAC2
            and token.decrypt(PLACE, value) == "张伟"
            and token.blind_index("document", str(number)) == index
        )

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(work, range(40)))


def test_handles_of_before_never_mean_another_key(softhsm: SoftHsm, token: TokenVault) -> None:
    """A module numbers its sessions and keys anew: what was held from before is looked up again, in the right token."""
    masters = {**COMPLETE_MASTERS, KeyRole.LOAD: COMPLETE_MASTERS[KeyRole.TAC]}
    other = TokenVault.create(softhsm.token("alias"), "test", TokenTerms(masters=masters))
    assert token.load_mac2(LOAD_MAC2) == MAC2
    foreign = other.load_mac2(LOAD_MAC2)
    assert foreign != MAC2
    for _ in range(3):
        initialised_again()
        assert other.load_mac2(LOAD_MAC2) == foreign
        assert token.load_mac2(LOAD_MAC2) == MAC2
    other.close()


def test_change_is_made_once(token: TokenVault, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new key that fails half-way is not drawn a second time by itself: the custodian sees the list and decides."""
    tries: list[int] = []

    def failing(*_: Any) -> None:
        tries.append(1)
        raise pkcs11.DeviceError

    monkeypatch.setattr("citizencard.keys.pkcs11.making.store", failing)
    before = token.inventory()
    with pytest.raises(TokenFailed):
        token.add_version(KeyRole.LOAD)
    assert tries == [1]
    assert token.inventory() == before


def test_refusals_are_ours(token: TokenVault) -> None:
    """Callers meet no exception of the binding."""
    with pytest.raises(CitizencardError):
        token.store.ask(lambda ring: ring.session.get_key(label=secrets.token_hex(4)))
