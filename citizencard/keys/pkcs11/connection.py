"""One logged-in session with a token, for all threads of a process: reopened once when it is lost, made anew after a fork.

PKCS#11 forbids the use of a module across fork() and allows one operation at a time in a session. So every call of this process holds one
lock, and a child initialises the module for itself before its first question. A wrong PIN is never tried twice: tokens count.
"""

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, NoReturn, TypeVar

import pkcs11

from citizencard.config import TokenPlace
from citizencard.keys.errors import TokenError, TokenModuleMissing, TokenPinLocked, TokenPinWrong, VaultMissing
from citizencard.keys.pkcs11.refusals import refusal_of, told
from citizencard.keys.wrapping import read_private_file

MAX_PIN_BYTES: Final = 256

Opened = TypeVar("Opened")
Answer = TypeVar("Answer")


class _Modules:
    """The modules of this process: which process initialised each, and the one lock of all calls into them."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._process_of: dict[Path, int] = {}
        self.beginnings: Counter[Path] = Counter()
        """How often each module was initialised: handles of before may mean other sessions and keys now."""

    def after_fork(self) -> None:
        """A thread that held the lock does not exist in the child."""
        self.lock = threading.RLock()

    def open(self, path: Path, *, anew: bool) -> "pkcs11._pkcs11.lib":
        """The module, initialised by this very process.

        Args:
            path: the shared library.
            anew: initialise it again, which ends every session of this process: tokens are looked for again.

        Raises:
            TokenModuleMissing: it cannot be loaded or initialised.
        """
        try:
            library = pkcs11.lib(str(path))
            if anew or self._process_of.get(path, os.getpid()) != os.getpid():
                # The parent's state of the module is of no use to a child; a module that was not initialised says so, and may.
                with contextlib.suppress(pkcs11.PKCS11Error):
                    library.finalize()
                library.initialize()
                self.beginnings[path] += 1
        except pkcs11.PKCS11Error:
            # Not chained: the loader's message is about this machine.
            raise TokenModuleMissing(f"the PKCS#11 module {path} cannot be loaded", path=str(path)) from None
        self._process_of[path] = os.getpid()
        return library


_MODULES: Final = _Modules()
os.register_at_fork(after_in_child=_MODULES.after_fork)


def read_pin(path: Path) -> str:
    """The PIN: first line of a file of mode 0600.

    Raises:
        VaultMissing, VaultExposed, VaultMalformed: the file cannot be used.
        TokenPinWrong: it holds no text.
    """
    try:
        content = read_private_file(path, MAX_PIN_BYTES)
    except VaultMissing:
        raise VaultMissing(
            f"write the token's PIN into {path} first, readable by its owner only", path=str(path)
        ) from None
    try:
        pin = content.decode().split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError:
        pin = ""
    if not pin:
        raise TokenPinWrong(f"{path} holds no PIN", path=str(path))
    return pin


class TokenConnection(Generic[Opened]):
    """A token that is asked in words of one's own.

    Args:
        place: module, token and PIN file.
        load: what is looked up in a new session, and thrown away with it: handles die with their session.
    """

    __slots__ = ("_load", "_of", "_opened", "_place", "_session", "_shut")

    def __init__(self, place: TokenPlace, load: Callable[[pkcs11.Session], Opened]) -> None:
        self._place = place
        self._load = load
        self._session: pkcs11.Session | None = None
        self._opened: Opened | None = None
        self._of = (0, 0)
        self._shut: TokenError | None = None

    def ask(self, question: Callable[[Opened], Answer]) -> Answer:
        """Ask the token; once more in a new session if it does not answer in the old one. The question must bear being asked twice.

        Raises:
            TokenError: the token still does not answer.
            KeysError: as `load` and the question raise.
        """
        with _MODULES.lock:
            opened, fresh = self._current()
            try:
                return question(opened)
            except pkcs11.PKCS11Error as error:
                self._forget()
                if fresh:
                    raise refusal_of(error) from None
            with told():
                return question(self._current()[0])

    def change(self, check: Callable[[Opened], object], change: Callable[[pkcs11.Session, Opened], Answer]) -> Answer:
        """Change the token, in a session of its own: what was changed elsewhere is seen, and nothing stale is built upon.

        Args:
            check: a question, asked twice if need be.
            change: the change itself, made once.

        Raises:
            TokenError: the token does not answer; whether it was changed is seen in the next inventory.
            KeysError: as check, change and `load` raise.
        """
        with _MODULES.lock:
            self._forget()
            self.ask(check)
            opened, _ = self._current()
            try:
                with told():
                    return change(self._logged_in(), opened)
            finally:
                self._forget()

    def close(self) -> None:
        """Log out and end the session; the next question opens another. Ends the login of other connections to this token too."""
        with _MODULES.lock:
            self._forget()

    def _current(self) -> tuple[Opened, bool]:
        """What is loaded, and whether it was loaded right now."""
        if not self._session_is_ours():
            self._session, self._opened = None, None
        if self._opened is not None and self._session is not None:
            return self._opened, False
        session = self._logged_in()
        with told():
            self._opened = self._load(session)
        return self._opened, True

    def _session_is_ours(self) -> bool:
        """Whether the session was opened by this process, and the module was not initialised again since."""
        return self._of == (os.getpid(), _MODULES.beginnings[self._place.module])

    def _logged_in(self) -> pkcs11.Session:
        if self._session is None:
            self._session = self._login()
            self._of = (os.getpid(), _MODULES.beginnings[self._place.module])
        return self._session

    def _forget(self) -> None:
        ours = self._session_is_ours()
        session, self._session, self._opened = self._session, None, None
        if session is not None and ours:
            with contextlib.suppress(pkcs11.PKCS11Error):
                session.close()

    def _login(self) -> pkcs11.Session:
        if self._shut is not None:
            raise self._shut
        pin = read_pin(self._place.pin_file)
        library = _MODULES.open(self._place.module, anew=False)
        try:
            try:
                return _open_session(library, self._place.label, pin)
            except (pkcs11.PinIncorrect, pkcs11.PinLocked, pkcs11.AnotherUserAlreadyLoggedIn):
                raise
            except pkcs11.PKCS11Error:
                # A module may learn only when it is initialised again that a token came back.
                return _open_session(_MODULES.open(self._place.module, anew=True), self._place.label, pin)
        except pkcs11.PKCS11Error as error:
            refusal = refusal_of(error)
        if isinstance(refusal, (TokenPinWrong, TokenPinLocked)):
            self._shut = refusal
        raise refusal

    def __repr__(self) -> str:
        return f"TokenConnection({self._place.label})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be pickled or copied.

        Raises:
            TypeError: always.
        """
        message = "a token's connection is not pickled"
        raise TypeError(message)


def _open_session(library: "pkcs11._pkcs11.lib", label: str, pin: str) -> pkcs11.Session:
    token = library.get_token(token_label=label)
    try:
        return token.open(rw=True, user_pin=pin)
    except pkcs11.UserAlreadyLoggedIn:
        # A login is the whole process's: another connection of ours is in already.
        return token.open(rw=True)
