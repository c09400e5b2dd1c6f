"""Random tokens."""

from base64 import urlsafe_b64decode

from citizencard.staff.tokens import hash_token, new_token


def test_tokens_cannot_be_guessed_or_read_from_their_hash() -> None:
    """A token has 256 random bits, and the stored form is a digest of it."""
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    for token in tokens:
        assert len(urlsafe_b64decode(token + "=")) == 32
        assert len(hash_token(token)) == 32
        assert token.encode() not in hash_token(token)
