"""What public sources leave open about these cards: every such question is an option with a stated default (README.md beside this file).

A value that a real card answers differently is a new value here, never a change of code: a profile carries its `Dialect`.
"""

from dataclasses import dataclass
from enum import StrEnum

from hardware.errors import MalformedCardData


class Sm4SessionKey(StrEnum):
    """How the 8 bytes of a session key's input fill SM4's block of 16."""

    PADDED = "padded"
    """input ‖ 80 00 00 00 00 00 00 00"""
    COMPLEMENT = "complement"
    """input ‖ not input, as in the derivation of keys"""


class Sm4Tac(StrEnum):
    """Which key signs TACs when the card's algorithm is SM4."""

    FULL_KEY = "full_key"
    """SM4-CBC-MAC under all 16 bytes of DTK"""
    FOLDED_DES = "folded_des"
    """the old rule: single DES under left half xor right half of DTK"""


class ProofOrder(StrEnum):
    """Order of the 8 bytes that GET TRANSACTION PROVE answers."""

    MAC_FIRST = "mac_first"
    TAC_FIRST = "tac_first"


class LogCounter(StrEnum):
    """Which counter a committed transaction leaves in EF18 and answers GET TRANSACTION PROVE to; INITIALIZE answered n."""

    AFTER = "after"
    """n + 1"""
    BEFORE = "before"
    """n"""


class PsamSequence(StrEnum):
    """When a PSAM uses up its terminal sequence."""

    AT_INIT = "8070"
    """INIT SAM FOR PURCHASE: an abandoned one leaves a gap"""
    AT_CREDIT = "8072"
    """CREDIT SAM FOR PURCHASE: an abandoned number is given again"""


class CardIdIv(StrEnum):
    """Initial value of the MAC at the end of a card id (卡识别码)."""

    ZEROS = "zeros"
    CHALLENGE = "challenge"
    """GET CHALLENGE's 4 bytes ‖ 00000000"""


class BalanceMeaning(StrEnum):
    """What P1 of GET BALANCE selects."""

    PLAIN = "plain"
    """P1 00 is the balance; nothing else is asked"""
    LESS_OVERDRAWN = "less_overdrawn"
    """P1 03 balance, 02 overdrawn amount, 01 overdraft limit; shown: 03 − 02"""
    LESS_NEXT = "less_next"
    """shown: P1 00 − P1 01"""


class WriteKeyP1(StrEnum):
    """P1 of the WRITE KEY that replaces a key; the one that adds has 01 everywhere."""

    TYPE = "type"
    """the type of the key"""
    ALWAYS_ADD = "01"


class PinUnblockForm(StrEnum):
    """Where PIN UNBLOCK 84 24 names the PIN."""

    KID_IN_P2 = "kid_in_p2"
    """84 24 00 kid"""
    KID_IN_P1 = "kid_in_p1"
    """84 24 kid 00"""


class CityUnionNumber(StrEnum):
    """Where a City Union card has its number in EF15."""

    DIGITS_12 = "digits_12"
    """bytes 12 to 19, as digits"""
    LITTLE_ENDIAN_16 = "little_endian_16"
    """bytes 16 to 19, an integer, lowest byte first"""
    BIG_ENDIAN_16 = "big_endian_16"
    """bytes 16 to 19, an integer, highest byte first (Shanghai)"""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a card answers where the sources are silent or disagree. The defaults are our own cards.

    Args:
        sm4_session_key: default padded: it is what the same standards do with every other short input.
        sm4_tac: default the full key: folding exists only because single DES has 8 bytes.
        sm4_authentication_bytes: challenge of EXTERNAL AUTHENTICATE under SM4, 8 (default) or 16; 8 are filled up to a block.
        challenge_bytes: of a command MAC, 4 (default) or 8; filled up with zeros to a block.
        proof_order: default MAC ‖ TAC, as two code bases of terminals read it.
        log_counter: default n + 1, as three traces of real cards show.
        psam_sequence: default at 8070: no number is ever used twice.
        card_id_iv: default zeros: a certificate must not depend on a challenge that nobody keeps.
        balance_meaning: default plain.
        balance_flag: bit 31 of a balance is a flag and no money; default true. False reads all 32 bits.
        write_key_p1: default the type.
        pin_unblock_form: default kid in P2.
        purchase_factors: diversification factors that 8070 carries, 1 (T-Union) to 3; default 2, card and city.
        city_union_number: default digits.
        terminates_pin_after_purse: FMCOS forgets the verified PIN after each completed purse transaction; default true.
        begun_survives_reads: whether an INITIALIZE survives other commands than GET CHALLENGE and the CAPP cache; default false.

    Raises:
        MalformedCardData: a number of bytes or factors out of range.
    """

    sm4_session_key: Sm4SessionKey = Sm4SessionKey.PADDED
    sm4_tac: Sm4Tac = Sm4Tac.FULL_KEY
    sm4_authentication_bytes: int = 8
    challenge_bytes: int = 4
    proof_order: ProofOrder = ProofOrder.MAC_FIRST
    log_counter: LogCounter = LogCounter.AFTER
    psam_sequence: PsamSequence = PsamSequence.AT_INIT
    card_id_iv: CardIdIv = CardIdIv.ZEROS
    balance_meaning: BalanceMeaning = BalanceMeaning.PLAIN
    balance_flag: bool = True
    write_key_p1: WriteKeyP1 = WriteKeyP1.TYPE
    pin_unblock_form: PinUnblockForm = PinUnblockForm.KID_IN_P2
    purchase_factors: int = 2
    city_union_number: CityUnionNumber = CityUnionNumber.DIGITS_12
    terminates_pin_after_purse: bool = True
    begun_survives_reads: bool = False

    def __post_init__(self) -> None:
        """Hold the bounds."""
        if self.challenge_bytes not in {4, 8}:
            raise MalformedCardData("dialect", f"challenge_bytes {self.challenge_bytes}, must be 4 or 8")
        if self.sm4_authentication_bytes not in {8, 16}:
            raise MalformedCardData(
                "dialect", f"sm4_authentication_bytes {self.sm4_authentication_bytes}, must be 8 or 16"
            )
        if not 1 <= self.purchase_factors <= 3:  # noqa: PLR2004 - what 8070 carries
            raise MalformedCardData("dialect", f"purchase_factors {self.purchase_factors}, must be 1 to 3")

    def logged_counter(self, initialize_counter: int) -> int:
        """The counter that log and proof carry for a transaction whose INITIALIZE answered `initialize_counter`."""
        return initialize_counter + (self.log_counter is LogCounter.AFTER)


OUR_CARD = Dialect()
"""The citizen card and its PSAM."""

T_UNION = Dialect(balance_meaning=BalanceMeaning.LESS_OVERDRAWN, purchase_factors=1)
"""T-Union cards (JT/T 978) as their public readers take them."""
