"""Settings."""

from pathlib import Path

import pytest

from citizencard.config import Settings
from citizencard.errors import SettingsInvalid

GOOD = {
    "CITIZENCARD_DATABASE_URL": "postgresql://app:hidden@127.0.0.1/city",
    "CITIZENCARD_VAULT_FILE": "/srv/vault",
    "CITIZENCARD_VAULT_PASSPHRASE_FILE": "/srv/passphrase",
    "HOME": "/nowhere",
}


def test_all_faults_are_listed_at_once() -> None:
    """Whoever installs the product mends everything in one go."""
    wrong = {
        "CITIZENCARD_DATABASE_URL": "mysql://x",
        "CITIZENCARD_REALM": "live",
        "CITIZENCARD_COLOUR": "red",
        "CITIZENCARD_AGENT_PORT": "70000",
    }
    with pytest.raises(SettingsInvalid) as refused:
        Settings.from_env(wrong)
    for name in (
        "COLOUR is not a setting",
        "VAULT_FILE is missing",
        "VAULT_PASSPHRASE_FILE is missing",
        "REALM",
        "AGENT_PORT must be a port",
        "DATABASE_URL must",
    ):
        assert name in str(refused.value)


def test_production_is_the_default_and_the_password_is_not_shown() -> None:
    """A forgotten setting never makes a test city of a real one, and no log shows the database's password."""
    settings = Settings.from_env(GOOD)
    assert settings.realm == "production"
    assert settings.agent_port == 47112
    assert settings.vault_file == Path("/srv/vault")
    assert settings.heads_folder == Path("/srv/heads")
    assert Settings.from_env({**GOOD, "CITIZENCARD_HEADS_FOLDER": "/out"}).heads_folder == Path("/out")
    assert "hidden" not in repr(settings)
