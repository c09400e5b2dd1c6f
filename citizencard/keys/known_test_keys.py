"""Keys that stand in standards, manuals and our own test vectors, by check value: everybody knows them, so production refuses them."""

from typing import Final

from citizencard.keys.secret import KeyAlgorithm, SecretKey

# Keys as printed in public documents: counting bytes (40…4F and so on, also the default of GlobalPlatform cards and our own regression
# masters), repeated bytes, and the keys of published examples.
_PRINTED: Final = tuple(
    bytes.fromhex(text)
    for text in (
        "11223344556677888877665544332211",
        "11223344556677881122334455667788",
        "0123456789ABCDEFFEDCBA9876543210",
        "0123456789ABCDEF0123456789ABCDEF",
        "57415443484441544154696D65434F53",
    )
)


def _well_known(algorithm: KeyAlgorithm) -> list[bytes]:
    counting = [
        bytes((start + offset) % 0x100 for offset in range(algorithm.key_bytes)) for start in range(0, 0x100, 0x10)
    ]
    repeated = [bytes((byte,)) * algorithm.key_bytes for byte in range(0x100)]
    printed = [key for key in _PRINTED if len(key) == algorithm.key_bytes]
    return [*counting, *repeated, *printed]


WELL_KNOWN_CHECK_VALUES: Final = frozenset(
    SecretKey(algorithm, key).check_value for algorithm in KeyAlgorithm for key in _well_known(algorithm)
)
"""Check values, 3 bytes each, of keys that production refuses."""
