"""The vault as a file on a disk that others might reach."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from citizencard.keys import vault_file
from citizencard.keys.errors import (
    RealmRefused,
    VaultExists,
    VaultExposed,
    VaultMalformed,
    VaultMissing,
    VaultTampered,
    WrongPassphrase,
)
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import PASSPHRASE, REGRESSION_MASTERS, random_vault, regression_vault


def _changed(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def _entry(document: dict[str, Any], key_id: str) -> dict[str, Any]:
    entry: dict[str, Any] = next(entry for entry in document["keys"] if entry["id"] == key_id)
    return entry


def _swap_keys(document: dict[str, Any]) -> None:
    load, tac = _entry(document, "load-01-v01"), _entry(document, "tac-01-v01")
    for name in ("nonce", "ciphertext", "check_value"):
        load[name], tac[name] = tac[name], load[name]


def _rename(document: dict[str, Any]) -> None:
    _entry(document, "load-01-v01").update(id="unload-01-v02", role="unload", version=2)


def _revive(document: dict[str, Any]) -> None:
    _entry(document, "load-01-v01")["state"] = "retired"


def _flip(document: dict[str, Any]) -> None:
    entry = _entry(document, "load-01-v01")
    entry["ciphertext"] = f"{int(entry['ciphertext'], 16) ^ 1:0{len(entry['ciphertext'])}x}"


def _false_check_value(document: dict[str, Any]) -> None:
    _entry(document, "load-01-v01")["check_value"] = "000000"


def _drop(document: dict[str, Any]) -> None:
    document["keys"].remove(_entry(document, "load-01-v01"))


def _twice(document: dict[str, Any]) -> None:
    document["keys"].append(_entry(document, "load-01-v01"))


def _reorder(document: dict[str, Any]) -> None:
    document["keys"].reverse()


def _no_seal(document: dict[str, Any]) -> None:
    document["seal"] = ""


@pytest.mark.parametrize(
    "change", [_swap_keys, _rename, _revive, _flip, _false_check_value, _drop, _twice, _reorder, _no_seal]
)
def test_tampered_vault_does_not_open(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Whoever can write the file cannot swap, rename, revive, drop or double a key: the city notices before it uses one."""
    random_vault(tmp_path)
    path = tmp_path / "random.vault"
    _changed(path, change)
    with pytest.raises(VaultTampered):
        SoftwareVault.open(path, PASSPHRASE)


@pytest.mark.parametrize("head", ["realm", "city"])
def test_head_of_the_vault_is_bound(tmp_path: Path, head: str) -> None:
    """A test vault cannot be relabelled as production, nor moved to another city."""
    random_vault(tmp_path)
    path = tmp_path / "random.vault"
    _changed(path, lambda document: document.update({head: {"realm": "production", "city": "3303"}[head]}))
    with pytest.raises(WrongPassphrase):
        SoftwareVault.open(path, PASSPHRASE)


def test_key_of_another_vault_does_not_fit(tmp_path: Path) -> None:
    """A key is not carried from one vault into another, even with the same passphrase."""
    random_vault(tmp_path, name="one")
    random_vault(tmp_path, name="two")
    stolen = _entry(json.loads((tmp_path / "one").read_text()), "load-01-v01")
    _changed(tmp_path / "two", lambda document: _entry(document, "load-01-v01").update(stolen))
    with pytest.raises(VaultTampered, match="load-01-v01"):
        SoftwareVault.open(tmp_path / "two", PASSPHRASE)


def test_wrong_passphrase(tmp_path: Path) -> None:
    """Without the passphrase the file is of no use; the refusal does not say how near the guess was."""
    random_vault(tmp_path)
    with pytest.raises(WrongPassphrase) as refusal:
        SoftwareVault.open(tmp_path / "random.vault", "a passphrase for tesst")
    assert "tess" not in str(refusal.value)


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    """The file is made with mode 0600, leaves nothing beside it, and is not opened when others could read it."""
    random_vault(tmp_path)
    path = tmp_path / "random.vault"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["random.vault"]
    path.chmod(0o640)
    with pytest.raises(VaultExposed):
        SoftwareVault.open(path, PASSPHRASE)


def test_vault_is_never_overwritten(tmp_path: Path) -> None:
    """A second founding does not wipe out the keys of all cards."""
    regression_vault(tmp_path)
    before = (tmp_path / "regression.vault").read_bytes()
    with pytest.raises(VaultExists):
        regression_vault(tmp_path)
    assert (tmp_path / "regression.vault").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    """A wrong path or a file of another kind is named as such, without quoting what stands in it."""
    with pytest.raises(VaultMissing):
        SoftwareVault.open(tmp_path / "nowhere", PASSPHRASE)
    path = tmp_path / "foreign"
    contents = (
        b"", b"not json", b"[]", b"{}", b'{"format": 2}', b"null", b"[" * 100_000, b'"0xCAFE"', b"\xff\xfe",
        b'{"format": 1, "realm": "test", "city": "3302", "wrappings": [], "keys": [], "seal": ""}',
        b'{"format": 1, "realm": "test", "city": "33", "wrappings": [{"custodians": []}], "keys": [], "seal": ""}',
    )  # fmt: skip
    for content in contents:
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(VaultMalformed) as refusal:
            SoftwareVault.open(path, PASSPHRASE)
        assert "CAFE" not in str(refusal.value)


def test_half_written_vault_is_refused(tmp_path: Path) -> None:
    """Any cut of the file is refused: the server does not start with part of its keys."""
    random_vault(tmp_path)
    path = tmp_path / "random.vault"
    whole = path.read_bytes()
    for length in range(0, len(whole) - 2, 997):
        path.write_bytes(whole[:length])
        with pytest.raises(VaultMalformed):
            SoftwareVault.open(path, PASSPHRASE)


def test_realms_are_kept_apart(tmp_path: Path) -> None:
    """A production server does not start with a test vault, nor the other way round."""
    random_vault(tmp_path)
    with pytest.raises(RealmRefused):
        SoftwareVault.open(tmp_path / "random.vault", PASSPHRASE, "production")
    assert SoftwareVault.open(tmp_path / "random.vault", PASSPHRASE, "test").realm == "test"


def test_no_key_stands_in_the_file(tmp_path: Path) -> None:
    """The file shows ids and check values in clear, and no key in any spelling."""
    regression_vault(tmp_path)
    raw = (tmp_path / "regression.vault").read_bytes()
    for key in REGRESSION_MASTERS.values():
        assert key not in raw
        assert key.hex().encode() not in raw.lower()
    assert {sealed.info.state for sealed in vault_file.read(tmp_path / "regression.vault").keys} == {"active"}
