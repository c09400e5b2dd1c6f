"""All TACs of a batch in one question to the vault, with no transaction open."""

from collections.abc import Sequence

from citizencard.keys.hsm import Hsm, TacQuestion
from citizencard.purse.uploads.records import PurchaseRecord


def certify(hsm: Hsm, terminal: bytes, records: Sequence[PurchaseRecord]) -> list[bool]:
    """Say for each record whether its card signed amount, type, terminal, sequence, date and time.

    Args:
        hsm: answers all at once; when it cannot, its error goes up and the devices keep everything.
        terminal: the batch's terminal number, 6 bytes.
        records: of known cards.
    """
    if not records:
        return []
    return hsm.tacs_are_valid(
        [
            TacQuestion(
                card_serial=record.card_serial,
                key_version=record.key_version,
                algorithm=record.algorithm,
                tac_input=record.tac_input(terminal),
                tac=record.tac,
            )
            for record in records
        ]
    )
