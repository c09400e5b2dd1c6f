"""The command of the demo city."""

import json
from pathlib import Path

import pyotp
from click.testing import CliRunner

from demo.__main__ import main

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def test_visitor_without_an_authenticator_gets_the_next_code(tmp_path: Path) -> None:
    """Codes die after half a minute: the command that the city prints gives the present one, and names the logins it knows."""
    city = tmp_path / "sqlite"
    city.mkdir()
    (city / "city.json").write_text(json.dumps({"logins": {"clerk": {"totp_secret": SECRET}}}))
    answer = CliRunner().invoke(main, ["--folder", str(tmp_path), "--code", "clerk"])
    assert answer.exit_code == 0
    assert pyotp.TOTP(SECRET).verify(answer.output.strip(), valid_window=1)
    refused = CliRunner().invoke(main, ["--folder", str(tmp_path), "--code", "mayor"])
    assert refused.exit_code == 2
    assert "no login mayor; there are: clerk" in refused.output
