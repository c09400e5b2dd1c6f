"""What a token's return codes mean here: each becomes one of the refusals of `citizencard.keys.errors`, without path, PIN or key."""

import contextlib
from collections.abc import Iterator
from typing import Final

import pkcs11

from citizencard.keys.errors import (
    TokenError,
    TokenFailed,
    TokenInUse,
    TokenMalformed,
    TokenMissing,
    TokenPinLocked,
    TokenPinWrong,
)

_MEANINGS: Final[tuple[tuple[tuple[type[pkcs11.PKCS11Error], ...], type[TokenError], str], ...]] = (
    (
        (pkcs11.NoSuchToken, pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised, pkcs11.SlotIDInvalid, pkcs11.DeviceRemoved),
        TokenMissing,
        "the module shows no token of that label",
    ),
    ((pkcs11.MultipleTokensReturned,), TokenMalformed, "the module shows several tokens of that label"),
    (
        (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinExpired, pkcs11.UserPinNotInitialized),
        TokenPinWrong,
        "the token refuses the PIN of the PIN file; nothing more is asked of it until this process is started again",
    ),
    ((pkcs11.PinLocked,), TokenPinLocked, "too many wrong PINs were tried: the security officer unlocks the token"),
    (
        (pkcs11.AnotherUserAlreadyLoggedIn, pkcs11.UserTooManyTypes, pkcs11.SessionReadWriteSOExists),
        TokenInUse,
        "the token's security officer, or another user, is logged in",
    ),
)  # fmt: skip


def refusal_of(error: pkcs11.PKCS11Error) -> TokenError:
    """The refusal that a return code means; what is not in the table is a token that failed, with the code's name."""
    for errors, refusal, message in _MEANINGS:
        if isinstance(error, errors):
            return refusal(message)
    return TokenFailed(f"the token failed: {type(error).__name__}")


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn what PKCS#11 says into refusals of ours; the cause is not chained, since modules may quote what they were given.

    Raises:
        TokenError: one of its leaves.
    """
    try:
        yield
    except pkcs11.PKCS11Error as error:
        refusal = refusal_of(error)
    else:
        return
    raise refusal
