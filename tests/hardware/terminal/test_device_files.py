"""Files of a terminal: a cut of power at any write leaves the old or the new, whole."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hardware.terminal.device_files import read_bytes, read_object, write_bytes, write_object
from hardware.terminal.errors import DeviceInvalid
from hardware.terminal.hotlist import Hotlist
from tests.hardware.terminal.hotlists import Wanted, download

OLD = download(Wanted(7, [5, 300]))
NEW = download(Wanted(8, [5, 301]))


@pytest.mark.parametrize("cut_at", range(8))
def test_cut_of_power_leaves_a_whole_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_at: int) -> None:
    """Wherever the power goes away while a hotlist is written, the device has the old one or the new one after it."""
    path = tmp_path / "hotlist.bin"
    write_bytes(path, OLD)
    done = 0

    def cut(real: Callable[..., Any]) -> Callable[..., Any]:
        def until_cut(*args: object, **more: object) -> object:
            nonlocal done
            if done >= cut_at:
                raise OSError(errno.EIO, "no power")
            done += 1
            return real(*args, **more)

        return until_cut

    with monkeypatch.context() as power:
        power.setattr(os, "open", cut(os.open))
        power.setattr(os, "fsync", cut(os.fsync))
        power.setattr(Path, "replace", cut(Path.replace))
        try:
            write_bytes(path, NEW)
            written = True
        except OSError:
            written = False
    found = read_bytes(path)
    assert found in (OLD, NEW)
    assert Hotlist.parse(found).version in (7, 8)
    assert not written or found == NEW
    write_bytes(path, NEW)
    assert read_bytes(path) == NEW


def test_files_are_the_owners_alone_and_say_what_is_wrong(tmp_path: Path) -> None:
    """Nobody else on the device reads them; whoever repairs it reads which one is broken."""
    path = tmp_path / "clock.json"
    write_object(path, {"a": 1})
    assert read_object(path) == {"a": 1}
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("[1]")
    with pytest.raises(DeviceInvalid, match=r"clock\.json: is not a JSON object"):
        read_object(path)
    with pytest.raises(DeviceInvalid, match="cannot be read"):
        read_bytes(tmp_path / "nothing")
