"""An exit when the vault is asked: nothing is written unless it answers."""

from dataclasses import dataclass

import pytest

from citizencard.keys.errors import UnknownKeyVersion
from citizencard.parking.flow import leave
from citizencard.parking.models import StayState
from tests.citizencard.parking.make_parking import Lot


@dataclass
class SilentVault:
    """A vault that is away."""

    def card_proof_is_valid(self, *_: object) -> bool:
        raise UnknownKeyVersion("the vault is away")


def test_nothing_is_written_while_the_vault_is_away(lot: Lot) -> None:
    """The gate asks again under the same name, and the first answer that it gets is the true one."""
    lot.enter()
    claim = lot.exit_claim(67, 700)
    with pytest.raises(UnknownKeyVersion):
        leave(lot.sessions, SilentVault(), lot.exit.terminal_id, claim, claim.happened_at)  # type: ignore[arg-type] # one question
    assert lot.stays()[0].state is StayState.OPEN
    assert lot.ask_to_leave(claim).reason is None
