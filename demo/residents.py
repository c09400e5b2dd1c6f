"""The residents of the demo city: invented people, whose ID numbers are valid by their check digit and belong to nobody's story."""

from dataclasses import dataclass
from datetime import date

from stdnum.cn.ric import calc_check_digit

REGION = "330203"
FIRST_SEQUENCE = 101


@dataclass(frozen=True, slots=True)
class Resident:
    """An invented person.

    Args:
        name: plainly made up.
        document_number: 18 characters, GB 11643, valid by checksum.
        phone: from no operator's range.
        card_class: code byte of the card class this person asks for, as two hex digits.
    """

    name: str
    document_number: str
    phone: str
    card_class: str

    def __repr__(self) -> str:
        return f"Resident({self.card_class})"


def residents_of_day(number: int) -> tuple[Resident, Resident]:
    """An adult and a senior of 76 who register on the demo's n-th day, other people every day.

    Args:
        number: 1 for the first day that is played on a database.
    """
    ordinal = FIRST_SEQUENCE + 2 * (number % 400)
    year = number // 400
    return (
        Resident("张示例", _document_number(date(1990 - year, 1, 1), ordinal), f"130000{ordinal:05d}", "01"),
        Resident("李样本", _document_number(date(1950 - year, 1, 1), ordinal + 1), f"130000{ordinal + 1:05d}", "03"),
    )


def neighbours(number: int) -> tuple[Resident, ...]:
    """Six more residents, one year's crowd of a living city: adults, a student, a veteran, a senior.

    Args:
        number: 1 for the first crowd on a database.
    """
    crowd = (
        ("王例子", date(1985, 6, 1), "01"),
        ("赵虚构", date(1992, 6, 1), "01"),
        ("钱假设", date(1978, 6, 1), "01"),
        ("孙编造", date(2012, 6, 1), "02"),
        ("周演示", date(1960, 6, 1), "04"),
        ("吴范例", date(1948, 6, 1), "03"),
    )
    return tuple(
        Resident(
            name,
            _document_number(birth, FIRST_SEQUENCE + number % 800),
            f"1300{ordinal}0{number % 10_000:05d}",
            card_class,
        )
        for ordinal, (name, birth, card_class) in enumerate(crowd)
    )


def _document_number(birth: date, sequence: int) -> str:
    head = f"{REGION}{birth:%Y%m%d}{sequence:03d}"
    return head + str(calc_check_digit(head + "0"))
