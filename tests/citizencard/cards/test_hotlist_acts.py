"""Ranges and modules on the hotlist by four eyes."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import approve
from citizencard.approvals.errors import FourEyesNeeded
from citizencard.cards import hotlist_acts
from citizencard.cards.errors import HotlistBlockTaken
from citizencard.cards.hotlist_acts import NewBlock, block_as_approved, propose_block
from citizencard.cards.models import BlockKind
from tests.citizencard.cards.make_blocks import STOCK, SUPERVISOR, put_on
from tests.citizencard.cards.test_hotlist_blocks import MODULE, RANGE


def test_one_person_alone_bars_nobody(session: Session, now: datetime) -> None:
    """A range of cards is thousands of people: the one who proposes it does not decide it, and the same range is not put on twice."""
    approval = propose_block(session, RANGE, STOCK, now)
    with pytest.raises(FourEyesNeeded):
        approve(session, approval.id, STOCK, now)
    second = propose_block(session, RANGE, STOCK, now)
    for one in (approval, second):
        approve(session, one.id, SUPERVISOR, now)
    block_as_approved(session, approval, SUPERVISOR, now)
    with pytest.raises(HotlistBlockTaken):
        block_as_approved(session, second, SUPERVISOR, now)


def test_devices_have_room_for_so_many_blocks(session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no device could keep is refused when it is proposed, and said to the person who proposes it."""
    monkeypatch.setattr(hotlist_acts, "MAX_BLOCKS", 1)
    put_on(session, RANGE, now)
    with pytest.raises(HotlistBlockTaken):
        propose_block(session, NewBlock(BlockKind.MODULE, MODULE, MODULE, "stolen"), STOCK, now)
