"""Blocks of the hotlist, as taps are judged by them."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import approve
from citizencard.cards.as_of import hotlisted_at
from citizencard.cards.hotlist_acts import NewBlock, propose_unblock, unblock_as_approved
from citizencard.cards.hotlist_blocks import active_blocks, is_module_listed, listed_by_block, module_listed
from citizencard.cards.models import BlockKind, HotlistBlock
from hardware.card.files import application_serial
from tests.citizencard.cards.make_blocks import STOCK, SUPERVISOR, put_on

HOUR = timedelta(hours=1)
MODULE = bytes.fromhex("330200000099")


def serial(number: int) -> bytes:
    return application_serial("3302", f"{number:011}")


RANGE = NewBlock(BlockKind.RANGE, serial(100), serial(200), "stolen")


def test_taps_are_judged_by_what_counted_when_they_were_made(session: Session, now: datetime) -> None:
    """A box of cards that was stolen and found again: only taps between the two decisions are refused, however late they come in."""
    block = put_on(session, RANGE, now)
    put_on(session, NewBlock(BlockKind.MODULE, MODULE, MODULE, "stolen"), now)
    ending = propose_unblock(session, block.id, "found again", STOCK, now + HOUR)
    approve(session, ending.id, SUPERVISOR, now + HOUR)
    unblock_as_approved(session, ending, SUPERVISOR, now + HOUR)
    blocks = active_blocks(session)
    moments = [now - HOUR, now, now + HOUR - timedelta(seconds=1), now + HOUR]
    assert [listed_by_block(blocks, serial(150), at) for at in moments] == [False, True, True, False]
    assert [listed_by_block(blocks, serial(n), now) for n in (99, 100, 200, 201)] == [False, True, True, False]
    assert [module_listed(blocks, MODULE, at) for at in moments] == [False, True, True, True]
    assert not module_listed(blocks, bytes.fromhex("330200000098"), now)
    assert hotlisted_at(session, [serial(150)] * 4, moments) == [False, True, True, False]
    assert hotlisted_at(session, [serial(n) for n in (99, 100, 200, 201)], [now] * 4) == [False, True, True, False]
    assert [is_module_listed(session, MODULE, at) for at in moments] == [False, True, True, True]
    assert not is_module_listed(session, bytes.fromhex("330200000098"), now)


def test_database_refuses_a_back_dated_block(session: Session, now: datetime) -> None:
    """Nobody makes taps of the past refused ones, not even with SQL."""
    block = put_on(session, RANGE, now)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(HotlistBlock).values(effective_from=now - HOUR).where(HotlistBlock.id == block.id))
