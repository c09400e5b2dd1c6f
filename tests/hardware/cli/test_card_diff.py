"""Two images of a chip are compared without a key or a PIN being shown."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hardware.card.channel import send
from hardware.card.profile import PURSE_AID
from hardware.card.purse import select_application, verify_pin
from hardware.cli.card import main
from hardware.cli.card_diff import differences
from hardware.emulator.card import EmulatedCard
from hardware.emulator.image import CardImage
from tests.hardware.emulator.make_cards import KEYS, CityKeys, load, personalised_card


@pytest.fixture
def images(tmp_path: Path) -> tuple[Path, Path]:
    """Before and after a load and a wrong PIN."""
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    with personalised_card(after) as card:
        shutil.copy(after, before)
        load(card, 700)
        send(card, select_application(PURSE_AID))
        assert not card.transmit(verify_pin("654321")).ok
    return before, after


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["diff", *map(str, arguments)])


def test_load_is_seen(images: tuple[Path, Path]) -> None:
    """Balance, counter, log and proof changed; the log's bytes are shown when they are asked for."""
    done = run(*images)
    assert done.exit_code == 1
    assert "3F00/1001 purse 02 balance_fen: 0 → 700" in done.output
    assert "3F00/1001/0018 record 1: changed" in done.output
    shown = {one["where"]: one for one in json.loads(run(*images, "--json", "--show").output)}
    assert shown["3F00/1001/0018 record 1"]["is"].startswith("0001000000000002BC02")
    assert shown["3F00/1001 purse 02 proof 02"]["is"] == "new"


def test_nothing_is_different(images: tuple[Path, Path]) -> None:
    """Of an image and itself; and what is no image is named."""
    done = run(images[0], images[0])
    assert (done.exit_code, done.output) == (0, "nothing is different\n")
    assert run(images[0], images[0].with_name("none.json")).exit_code == 3


def test_keys_and_names_only_change(tmp_path: Path) -> None:
    """Of another city's card every key is different, and none is shown, nor who holds it, whatever is asked for."""
    others = CityKeys({role: bytes(byte ^ 0x55 for byte in key) for role, key in KEYS.masters.items()})
    one, other = personalised_card(tmp_path / "a.json"), personalised_card(tmp_path / "b.json", keys=others)
    one.remove()
    other.remove()
    done = run(tmp_path / "a.json", tmp_path / "b.json", "--show", "--json")
    found = {difference["where"]: difference for difference in json.loads(done.output)}
    assert found["3F00/1001 key 3E/01 value"] == {"where": "3F00/1001 key 3E/01 value", "is": "changed"}
    for image in (one.image, other.image):
        for key in image.master_file.directories[0x1001].keys.values():
            assert key.value.hex().upper() not in done.output


def test_other_files_are_new_or_gone(tmp_path: Path) -> None:
    """A blank chip and a card differ in whole applications."""
    personalised_card(tmp_path / "a.json").remove()
    card = CardImage.load(tmp_path / "a.json")
    poorer = CardImage.load(tmp_path / "a.json")
    del poorer.master_file.directories[0x1001]
    assert {"where": "3F00/1001", "is": "gone"} in differences(card, poorer)
    assert {"where": "3F00/1001", "is": "new"} in differences(poorer, card)
    del card.master_file.directories[0xDDF1].files[0xEF05]
    assert {"where": "3F00/DDF1/EF05", "is": "gone"} in differences(poorer, card)
    with EmulatedCard(CardImage.load(tmp_path / "a.json")):
        assert run(tmp_path / "a.json", tmp_path / "a.json").exit_code == 0, "looking needs no lock"
