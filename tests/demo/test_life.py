"""What the living city tells its visitors."""

from pathlib import Path

import pytest

from demo.folder import ROOT, Folder
from demo.life import code_command


@pytest.mark.parametrize(
    ("under", "url", "said"),
    [
        (ROOT / "var", "sqlite:////x/city.db", "bin/run --code clerk"),
        (Path("/srv/mine"), "sqlite:////x/city.db", "bin/run --code clerk --folder /srv/mine"),
        (ROOT / "var", "postgresql://u:secret@h/name", "bin/run --code clerk --database …"),
    ],
)
def test_hint_finds_the_same_city(under: Path, url: str, said: str) -> None:
    """The command that is printed works for this city, and shows no password of a database."""
    assert code_command(Folder(under / "sqlite", url)) == said
