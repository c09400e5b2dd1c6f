"""Card image files: whole, private, one owner at a time, test realm only."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hardware.card import profile
from hardware.card.atr import chip_serial_of
from hardware.card.channel import send
from hardware.card.purse import GetBalance, select_application
from hardware.emulator import CardImage, EmulatedCard, blank_card
from hardware.errors import CardImageInUse, CardImageInvalid
from tests.hardware.emulator.make_cards import CHIP_SERIAL, personalised_card
from tests.hardware.emulator.transactions import answer, balance, pay, sw, wake

KT = bytes(range(16))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A saved blank."""
    file = tmp_path / "cards" / "blank.json"
    blank_card(CHIP_SERIAL, KT).save(file)
    return file


def test_image_is_private(path: Path) -> None:
    """A file with keys in it can be read by its owner only, and so can its folder."""
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    EmulatedCard(CardImage.load(path)).remove()
    assert path.stat().st_mode & 0o777 == 0o600


def test_saved_card_is_the_same_card(tmp_path: Path) -> None:
    """Money, trips and counters are there again when the file is inserted anew."""
    file = tmp_path / "card.json"
    with personalised_card(file, balance_fen=1_000) as card:
        send(card, select_application(profile.PURSE_AID))
        pay(card, 100)
    with EmulatedCard(CardImage.load(file)) as again:
        wake(again)
        assert balance(again) == 900
        assert sw(again, "805A0009020001 08") == "9000"
        assert chip_serial_of(again.atr) == CHIP_SERIAL


def test_every_commit_is_in_the_file(tmp_path: Path) -> None:
    """What the card has answered is already stored: another process would read it."""
    file = tmp_path / "card.json"
    with personalised_card(file, balance_fen=1_000) as card:
        send(card, select_application(profile.PURSE_AID))
        pay(card, 100)
        stored = CardImage.load(file)
        assert stored.master_file.directories[profile.PURSE_ADF_FID].purses[2].balance_fen == 900


def test_reading_writes_nothing(tmp_path: Path) -> None:
    """A balance shown is no wear of the file."""
    file = tmp_path / "card.json"
    with personalised_card(file, balance_fen=1_000) as card:
        before = file.stat().st_mtime_ns
        wake(card)
        assert GetBalance.parse(send(card, GetBalance().command())) == 1_000
        assert file.stat().st_mtime_ns == before


def test_inserted_image_is_locked(path: Path) -> None:
    """One card is in one reader: a second insertion is refused until the first has been taken out."""
    first = EmulatedCard(CardImage.load(path))
    with pytest.raises(CardImageInUse, match=r"blank\.json"):
        EmulatedCard(CardImage.load(path))
    first.remove()
    first.remove()
    EmulatedCard(CardImage.load(path)).remove()
    assert sorted(file.name for file in path.parent.iterdir()) == ["blank.json"]


def test_lock_of_another_process_holds_until_it_dies(path: Path) -> None:
    """The lock works between processes, and a killed one leaves no stale lock behind."""
    code = (
        "import sys; from hardware.emulator import *; c = EmulatedCard(CardImage.load(sys.argv[1])); "
        "print('in', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        with pytest.raises(CardImageInUse):
            EmulatedCard(CardImage.load(path))
        other.kill()
    assert path.with_name("blank.json.lock").exists()
    EmulatedCard(CardImage.load(path)).remove()


def test_insertion_reads_the_present_state(tmp_path: Path) -> None:
    """An image that was loaded before another terminal debited the card does not bring the old money back."""
    file = tmp_path / "card.json"
    personalised_card(file, balance_fen=1_000).remove()
    early = CardImage.load(file)
    with EmulatedCard(CardImage.load(file)) as card:
        wake(card)
        pay(card, 400)
    with EmulatedCard(early) as late:
        wake(late)
        assert balance(late) == 600


def test_forgotten_card_frees_its_file(path: Path) -> None:
    """A card that nobody holds any more is not in the reader."""
    EmulatedCard(CardImage.load(path))
    EmulatedCard(CardImage.load(path)).remove()


def test_full_disk_is_a_memory_failure(tmp_path: Path) -> None:
    """If the file cannot be written the card answers 6581 and nothing has happened; with room again it pays."""
    file = tmp_path / "card.json"
    with personalised_card(file, balance_fen=1_000) as card:
        wake(card)
        whole = file.read_bytes()
        blocked = tmp_path / ".card.json.new"
        blocked.mkdir()
        assert sw(card, "00200000 03 000000") == "6581"
        assert file.read_bytes() == whole
        blocked.rmdir()
        assert sw(card, "00200000 03 000000") == "63C2"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "not a table"),
        ("\xff", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"format": 2}', "unknown format"),
        ('{"format": 1, "realm": "production"}', "not of the realm test"),
        ("x" * 1_048_577, "larger than"),
    ],
)
def test_what_is_no_image_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    """A wrong file is named with its fault, and no part of it is repeated in the message."""
    file = tmp_path / "wrong.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(CardImageInvalid, match=reason) as refused:
        CardImage.load(file)
    assert refused.value.path == str(file)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """A name without a file is refused in the same words as a damaged one, also when it disappears before the insertion."""
    with pytest.raises(CardImageInvalid, match="No such file"):
        CardImage.load(tmp_path / "none.json")
    file = tmp_path / "a.json"
    image = blank_card(CHIP_SERIAL, KT)
    image.save(file)
    file.unlink()
    with pytest.raises(CardImageInvalid):
        EmulatedCard(image)
    assert not image.inserted
    assert not file.with_name("a.json.lock").exists()


def test_image_of_another_realm_is_refused(path: Path) -> None:
    """An emulator accepts test cards only, whatever else the file says."""
    document = json.loads(path.read_text())
    document["realm"] = "production"
    path.write_text(json.dumps(document))
    with pytest.raises(CardImageInvalid, match="realm test"):
        CardImage.load(path)


def test_leftover_of_a_killed_save_is_no_obstacle(path: Path) -> None:
    """A half-written file beside the image is overwritten by the next save and never read."""
    (path.parent / ".blank.json.new").write_text('{"half')
    with EmulatedCard(CardImage.load(path)) as card:
        assert answer(card, "0084000008").ok
        card.image.save()
    assert sorted(file.name for file in path.parent.iterdir()) == ["blank.json"]
