"""Passwords."""

import threading

import pytest

from citizencard.staff import passwords
from citizencard.staff.errors import PasswordUnfit
from citizencard.staff.passwords import MAX_CHARS, MIN_CHARS, Passwords, check_password
from tests.citizencard.staff.make_staff import CHEAP


@pytest.mark.parametrize("password", ["x" * (MIN_CHARS - 1), "x" * (MAX_CHARS + 1), "my name is LI.WEI 88"])
def test_weak_password_is_refused_without_repeating_it(password: str) -> None:
    """Short passwords and those that hold the login are not accepted."""
    with pytest.raises(PasswordUnfit) as refusal:
        check_password(password, "li.wei")
    assert password not in str(refusal.value)


def test_password_is_kept_as_argon2id_with_the_named_costs() -> None:
    """A stolen table of hashes costs 19 MiB and two passes a guess (OWASP's minimum for argon2id)."""
    stored = Passwords().hash("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert Passwords().matches(stored, "correct horse battery")
    assert not Passwords().matches(stored, "correct horse batterz")


def test_no_password_and_no_hash_match_nothing() -> None:
    """A login without a password is opened by none, not even by the decoy's."""
    assert not CHEAP.matches(None, "nobody has this password")
    assert not CHEAP.matches("not a hash", "correct horse battery")


def test_old_costs_are_noticed() -> None:
    """When the costs rise, hashes made before are made anew at the next sign-in."""
    stored = CHEAP.hash("correct horse battery")
    assert not CHEAP.is_outdated(stored)
    assert Passwords().is_outdated(stored)


def test_at_most_two_are_computed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of sign-ins queues up instead of taking the memory of the machine."""
    running, most, guard = 0, 0, threading.Lock()
    places = passwords._places

    class Counted:
        def __enter__(self) -> None:
            nonlocal running, most
            places.acquire()
            with guard:
                running += 1
                most = max(most, running)

        def __exit__(self, *_: object) -> None:
            nonlocal running
            with guard:
                running -= 1
            places.release()

    monkeypatch.setattr(passwords, "_places", Counted())
    hasher = Passwords(memory_kib=1024, rounds=1)
    threads = [threading.Thread(target=hasher.hash, args=("correct horse battery",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most <= 2
