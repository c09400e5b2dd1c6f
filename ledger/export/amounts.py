"""Fen written as yuan, by whole numbers only."""

FEN_IN_YUAN = 100


def yuan(fen: int) -> str:
    """The amount in yuan with two decimals and without separators, such as `-1234.05`. Exact."""
    whole, rest = divmod(abs(fen), FEN_IN_YUAN)
    return f"{'-' if fen < 0 else ''}{whole}.{rest:02d}"
