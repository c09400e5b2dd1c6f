"""A recorded session can be looked at again, says the same, and gives no secret away."""

import json
import stat
from pathlib import Path

import pytest

from hardware.card import profile
from hardware.card.apdu import CommandApdu
from hardware.card.channel import send
from hardware.card.purse import GetBalance, get_challenge, select_application, verify_pin
from hardware.errors import CardRemoved
from hardware.readers import replay
from hardware.readers.errors import RecordingDiffers, RecordingInvalid
from hardware.readers.replay import RecordedCard, ReplayedCard
from tests.hardware.emulator.make_cards import PIN, personalised_card
from tests.hardware.readers.scripted import ScriptedCard

KEY = "404142434445464748494A4B4C4D4E4F"
WRITE_KEY = CommandApdu.from_bytes(bytes.fromhex("84D4010014" + KEY + "AABBCCDD"))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A session with PIN and key, a reset, and an answer that was lost."""
    path = tmp_path / "a.jsonl"
    with personalised_card(None, balance_fen=700) as card, RecordedCard(card, path, card.reset) as recorded:
        send(recorded, select_application(profile.PURSE_AID))
        send(recorded, verify_pin(PIN))
        recorded.transmit(WRITE_KEY)
        recorded.reset()
        recorded.transmit(GetBalance().command())
        card.tear(0, "before")
        with pytest.raises(CardRemoved):
            recorded.transmit(get_challenge())
        assert recorded.steps == 6
    return path


def test_session_is_replayed(recording: Path) -> None:
    """Answer for answer, the loss at the end too; then it is over."""
    card = ReplayedCard.load(recording)
    assert len(send(card, select_application(profile.PURSE_AID))) > 40
    send(card, verify_pin("000000"))
    assert not card.transmit(WRITE_KEY).ok
    assert card.reset() == card.atr
    assert not card.transmit(GetBalance().command()).ok
    with pytest.raises(CardRemoved, match="power was lost"):
        card.transmit(get_challenge())
    with pytest.raises(RecordingDiffers, match=r"step 7 .* ends here, and 0084000008 .GET CHALLENGE. came"):
        card.transmit(get_challenge())
    assert repr(card) == "ReplayedCard(6 of 6 steps)"


def test_no_secret_is_kept(recording: Path) -> None:
    """PIN and key leave only their length behind, and the file is its owner's."""
    text = recording.read_text()
    assert KEY not in text
    assert "123456" not in text
    assert json.loads(text.splitlines()[2]) == {"command": "00200000", "masked": 3, "response": "9000"}
    assert stat.S_IMODE(recording.stat().st_mode) == 0o600


def test_other_session_is_noticed_at_its_first_difference(recording: Path) -> None:
    """Another command, another length of a secret, a reset in the wrong place: named with what was recorded, secrets masked."""
    card = ReplayedCard.load(recording)
    with pytest.raises(RecordingDiffers, match=r"step 1 .*00A4.* was recorded, and 805C000204 .GET BALANCE. came"):
        card.transmit(GetBalance().command())
    with pytest.raises(
        RecordingDiffers, match="0020000003 <3 bytes masked> was recorded, and 0020000002 <2 bytes masked>"
    ) as one:
        card.transmit(verify_pin("9876"))
    assert "9876" not in str(one.value)
    with pytest.raises(RecordingDiffers, match="and a reset came"):
        card.reset()
    with pytest.raises(RecordingDiffers, match="a reset was recorded"):
        card.transmit(GetBalance().command())


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (1, ""),
        (1, "not json"),
        (1, '{"recording": 2, "atr": "3B00"}'),
        (1, '{"recording": 1, "atr": "' + "00" * 34 + '"}'),
        (1, "[]"),
        (2, '{"command": "00"}'),
        (2, '{"command": "00840000", "masked": 4, "response": "9000"}'),
        (2, '{"command": "00200000", "masked": -1, "response": "9000"}'),
        (2, '{"command": "00840000", "response": "90"}'),
        (2, '{"command": "00840000"}'),
        (2, "[" * 4000),
        (2, '{"reset": 5}'),
    ],
)
def test_what_is_no_recording(tmp_path: Path, line: int, text: str) -> None:
    """A damaged file is named by its line, never by its content."""
    path = tmp_path / "a.jsonl"
    path.write_text(text if line == 1 else f'{{"recording": 1, "atr": "3B00"}}\n{text}\n')
    with pytest.raises(RecordingInvalid, match=f"empty|line {line} is not a line of a recording"):
        ReplayedCard.load(path)


def test_files_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing, binary, there already, full, too long."""
    path = tmp_path / "a.jsonl"
    with pytest.raises(RecordingInvalid, match="No such file"):
        ReplayedCard.load(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RecordingInvalid, match="not text"):
        ReplayedCard.load(path)
    card = ScriptedCard("3B00", {})
    with pytest.raises(RecordingInvalid, match="File exists"):
        RecordedCard(card, path)
    monkeypatch.setattr(replay, "MAX_STEPS", 1)
    with RecordedCard(card, tmp_path / "b.jsonl") as recorded:
        assert recorded.reset() == b"\x3b\x00"
        with pytest.raises(RecordingInvalid, match="more than 1 steps"):
            recorded.reset()
    with (tmp_path / "b.jsonl").open("a") as file:
        file.write('{"reset": "3B00"}\n')
    with pytest.raises(RecordingInvalid, match="more than 1 steps"):
        ReplayedCard.load(tmp_path / "b.jsonl")
