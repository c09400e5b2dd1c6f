"""One-time codes. The secret and codes of the first test are the SHA-1 values of RFC 6238, appendix B, cut to six digits."""

from base64 import b32encode
from datetime import UTC, datetime, timedelta

import pytest

from citizencard.keys.errors import CiphertextInvalid
from citizencard.keys.hsm import FieldContext
from citizencard.keys.vault import SoftwareVault
from citizencard.staff.totp import SealedInPlace, new_secret, step_of

RFC_SECRET = b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("unix_s", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_the_standard(unix_s: int, code: str) -> None:
    """Any authenticator that follows the standard works."""
    at = datetime.fromtimestamp(unix_s, UTC)
    assert step_of(RFC_SECRET, code, 0, at) == unix_s // 30
    assert step_of(RFC_SECRET, code[::-1] + "0", 0, at) is None


def test_code_is_good_once_and_for_one_step_either_side() -> None:
    """A clock may be half a minute off; a used code and all older ones are worth nothing."""
    at = datetime.fromtimestamp(1111111111, UTC)
    step = 1111111111 // 30
    for seconds in (-30, 0, 30):
        assert step_of(RFC_SECRET, "050471", 0, at + timedelta(seconds=seconds)) == step
    for seconds in (-60, 60):
        assert step_of(RFC_SECRET, "050471", 0, at + timedelta(seconds=seconds)) is None
    assert step_of(RFC_SECRET, "050471", step, at) is None
    assert step_of(RFC_SECRET, "081804", step, at) is None


@pytest.mark.parametrize("code", ["", "５０４７１２", "50471", "0504710", " 050471"])
def test_malformed_code_is_wrong(code: str) -> None:
    """What is not six ASCII digits is simply a wrong code."""
    assert step_of(RFC_SECRET, code, 0, datetime.fromtimestamp(1111111111, UTC)) is None


def test_secret_is_bound_to_its_login(vault: SoftwareVault) -> None:
    """Whoever copies his own encrypted secret into another's row cannot sign in as the other."""
    cipher = SealedInPlace(vault, FieldContext)
    secret = new_secret()
    stored = cipher.encrypt("stf_1", secret)
    assert cipher.decrypt("stf_1", stored) == secret
    with pytest.raises(CiphertextInvalid):
        cipher.decrypt("stf_2", stored)
