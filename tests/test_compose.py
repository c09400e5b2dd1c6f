"""The compose file: no engine runs here, so its promises are read, its commands looked up, and its SQL run on a real PostgreSQL."""

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from citizencard.checkout.settings import PaymentOptions
from citizencard.cli import main
from citizencard.config import KNOWN_NAMES, PREFIX, Settings
from citizencard.db import make_engine
from citizencard.keys.wrapping import MIN_PASSPHRASE_CHARACTERS, read_passphrase_file
from citizencard.payments.stripe_settings import StripeSettings
from tests import postgres
from tests.empty_places import drop_database

ROOT = Path(__file__).parent.parent
FILE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "api" / "Dockerfile"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("citizencard:")]
LASTING = ("postgres", "api", "stripe-mock", "pcscd")
STRIPE = {"STRIPE_API_BASE", "STRIPE_SECRET_KEY_FILE", "STRIPE_WEBHOOK_SECRET_FILE", "STRIPE_METHODS"}


def environment(name: str) -> dict[str, str]:
    found: dict[str, str] = SERVICES[name].get("environment", {})
    return found


def words(name: str) -> list[str]:
    command = SERVICES[name].get("command", [])
    return [command] if isinstance(command, str) else command


@pytest.mark.parametrize("options", [(), ("--profile", "reader")], ids=["city", "with reader"])
def test_compose_reads_the_file(options: tuple[str, ...], tmp_path: Path) -> None:
    """The real tool finds nothing wrong in it, with the reader's profile and without."""
    program = shutil.which("docker-compose")
    assert program, "apt-get install docker-compose (bin/setup test does it)"
    done = subprocess.run(
        [program, "--file", str(FILE), *options, "config", "--services"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    shown = set(done.stdout.split())
    assert {name for name in SERVICES if options or "profiles" not in SERVICES[name]} <= shown <= SERVICES.keys()


def test_there_is_all_that_a_city_needs() -> None:
    """PostgreSQL, the server, its nightly work, the stand-in for Stripe; the reader is for who asks for it."""
    assert SERVICES.keys() == {
        "postgres", "roles", "migrate", "bootstrap", "api", "nightly", "sweep", "stripe-mock", "pcscd",
    }  # fmt: skip
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["pcscd"]


@pytest.mark.parametrize("name", SERVICES)
def test_image_has_one_version(name: str) -> None:
    """What starts today starts tomorrow; our own image has the version of the product."""
    image, tag = SERVICES[name]["image"].rsplit(":", 1)
    assert tag != "latest"
    assert re.search(r"\d", tag)
    if image.startswith("citizencard"):
        assert tag == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_for_this_machine_only(name: str) -> None:
    """Nothing is reachable from outside but through what the operator puts in front of it; the database not even from here."""
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:(\d+|\$\{[A-Z_]+:-\d+\}):\d+", port)
    if name == "postgres":
        assert "ports" not in SERVICES[name]
        assert SERVICES[name]["networks"] == ["books"]
    assert COMPOSE["networks"]["books"]["internal"] is True


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_are_files_and_never_settings(name: str) -> None:
    """Who lists containers, their settings or the compose file sees no password; each service gets the secrets it needs and no more."""
    for key, value in environment(name).items():
        assert not re.search(r"PASSWORD|SECRET|KEY|PASSPHRASE|TOKEN", key) or key.endswith("_FILE"), key
        assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), key
    named = {
        str(value).removeprefix("/run/secrets/")
        for value in environment(name).values()
        if str(value).startswith("/run/secrets/")
    }
    given = set(SERVICES[name].get("secrets", []))
    # `roles` reads two in its script; the migrator never opens a vault, though the settings name its passphrase.
    read = set(re.findall(r"/run/secrets/([a-z_.]+)", " ".join(words(name))))
    assert given == (named | read) - ({"vault_passphrase"} if name == "migrate" else set())
    assert given <= COMPOSE["secrets"].keys()
    assert all("file" in secret for secret in COMPOSE["secrets"].values())


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_looked_after(name: str) -> None:
    """What hangs is seen."""
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= check.keys()
    if name == "api":
        assert "/readyz" in check["test"][-1]
        compile(check["test"][-1], "healthcheck", "exec")


@pytest.mark.parametrize("name", [*OURS, "roles", "stripe-mock", "pcscd"])
def test_nothing_of_ours_runs_as_root_or_changes_its_own_files(name: str) -> None:
    """Whoever breaks into a container finds nothing to write to and no right to anything."""
    service = SERVICES[name]
    assert name == "stripe-mock" or service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", OURS)
def test_settings_are_those_that_the_program_reads(name: str) -> None:
    """No setting is misspelt: the program's own reader takes them."""
    given = {key: re.sub(r"\$\{[A-Z_]+:-(.*)\}", r"\1", str(value)) for key, value in environment(name).items()}
    assert {key.removeprefix(PREFIX) for key in given if key.startswith(PREFIX)} <= KNOWN_NAMES
    assert Settings.from_env(given).realm == "test"
    assert {key for key in given if key.startswith("STRIPE_")} <= STRIPE
    if "STRIPE_API_BASE" in given:
        assert given.keys() >= STRIPE
        assert StripeSettings("sk_test_123", given["STRIPE_API_BASE"]).live is False
        assert PaymentOptions.from_env({"STRIPE_METHODS": given["STRIPE_METHODS"]}).methods == ("card",)


@pytest.mark.parametrize("name", OURS)
def test_command_exists(name: str) -> None:
    """Each service starts something that is there, with options that it knows."""
    given = words(name)
    if not given:
        assert name == "api"
        assert '"api.wsgi:served"' in DOCKERFILE.read_text()
        return
    if given[0] == "sh":
        asked = re.findall(r"\bcitizencard [a-z -]+", given[-1])
        assert asked
    else:
        asked = [shlex.join(given)]
    for command in asked:
        _, *rest = shlex.split(command)
        found: click.Command = main
        while isinstance(found, click.Group) and rest:
            found = found.commands[rest.pop(0)]
        found.make_context("compose", rest).close()


def test_order_of_the_start() -> None:
    """The server starts on a database that is upgraded and a city that is begun."""
    waits = {
        name: {key: one["condition"] for key, one in SERVICES[name].get("depends_on", {}).items()} for name in SERVICES
    }
    assert waits["roles"] == {"postgres": "service_healthy"}
    assert waits["migrate"] == {"roles": "service_completed_successfully"}
    assert waits["bootstrap"] == {"migrate": "service_completed_successfully"}
    for name in ("api", "nightly", "sweep"):
        assert waits[name] == {"bootstrap": "service_completed_successfully"}
    assert environment("migrate")["CITIZENCARD_DATABASE_URL"].startswith("postgresql://citizencard_migrator@")
    for name in ("bootstrap", "api", "nightly", "sweep"):
        assert environment(name)["CITIZENCARD_DATABASE_URL"].startswith("postgresql://citizencard_app@")


def test_what_must_last_is_on_named_volumes() -> None:
    """Books, vault and backups outlive every container, and nobody but the bootstrap writes the vault."""
    mounted = {
        volume.split(":")[0]: name
        for name in SERVICES
        for volume in SERVICES[name].get("volumes", [])
        if volume[0] != "."
    }
    assert (
        mounted.keys() == COMPOSE["volumes"].keys() == {"books", "vault", "backups-database", "backups-vault", "heads"}
    )
    writers = [name for name in SERVICES if "vault:/var/lib/citizencard/vault" in SERVICES[name].get("volumes", [])]
    assert writers == ["bootstrap"]


def test_the_head_of_the_file_makes_every_secret(tmp_path: Path) -> None:
    """Who follows the first lines has all the files that the services ask for, readable by one user only."""
    lines = [line.removeprefix("#   ") for line in FILE.read_text().splitlines() if line.startswith("#   ")]
    script = "\n".join(lines[: lines.index("sudo chown 10001:10001 *")])
    subprocess.run(["/bin/sh", "-euc", script], cwd=tmp_path, check=True, env={"PATH": "/usr/bin:/bin"})
    made = {path.name: path for path in (tmp_path / "var" / "secrets").iterdir()}
    assert made.keys() == {secret["file"].rpartition("/")[2] for secret in COMPOSE["secrets"].values()}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in made.values())
    password = made["postgres_password"].read_text()
    assert made["postgres.pgpass"].read_text() == f"postgres:5432:*:postgres:{password}\n"
    assert len(password) == 48
    StripeSettings.from_env({"STRIPE_SECRET_KEY_FILE": str(made["stripe_secret_key"])})
    options = PaymentOptions.from_env({"STRIPE_WEBHOOK_SECRET_FILE": str(made["stripe_webhook_secret"])})
    assert len(options.webhook_secrets) == 1
    assert len(read_passphrase_file(made["vault_passphrase"])) >= MIN_PASSPHRASE_CHARACTERS


def test_roles_service_makes_roles_and_database(postgres_port: int, tmp_path: Path) -> None:
    """Its script runs on a real PostgreSQL, twice, and the migrator can make its tables afterwards."""
    for role, name in (("migrator", "citizencard_migrator"), ("app", "citizencard_app")):
        (tmp_path / f"{role}.pgpass").write_text(f"postgres:5432:*:{name}:it's-{role}\n")
    (script,) = words("roles")
    for _ in range(2):
        subprocess.run(
            [*SERVICES["roles"]["entrypoint"], script.replace("$$", "$").replace("/run/secrets", str(tmp_path))],
            env={
                "PATH": "/usr/bin:/bin",
                "PGHOST": "127.0.0.1",
                "PGPORT": str(postgres_port),
                "PGUSER": environment("roles")["PGUSER"],
            },
            check=True,
            capture_output=True,
        )
    url = postgres.url(postgres_port, "citizencard", "citizencard_migrator")
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE mine (id integer)")
        found = connection.exec_driver_sql("SELECT tableowner FROM pg_tables WHERE tablename = 'mine'").scalar()
    engine.dispose()
    admin = make_engine(postgres.url(postgres_port, "postgres"))
    with admin.connect() as connection:
        with_password = set(
            connection.exec_driver_sql(
                "SELECT rolname FROM pg_authid WHERE rolname LIKE 'citizencard%%' AND rolpassword IS NOT NULL"
            ).scalars()
        )
    admin.dispose()
    drop_database(url)
    assert found == "citizencard_migrator"
    assert with_password == {"citizencard_migrator", "citizencard_app"}


def test_image_is_made_from_the_lock_and_runs_as_nobody() -> None:
    """Libraries with their hashes, the tools that backups and receipts need, and a user without rights."""
    text = DOCKERFILE.read_text()
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", text, re.MULTILINE)
    assert [name for _, name in stages] == ["libraries", "product", "reader"]
    assert all(re.search(r":.*\d|bookworm", image) and not image.endswith(":latest") for image, _ in stages)
    assert {image for image, name in stages if name != "reader"} == {"python:3.11-slim-bookworm"}
    assert "--require-hashes -r /requirements.lock" in text
    for package in ("libpango-1.0-0", "libpangoft2-1.0-0", "fonts-wqy-microhei", "postgresql-client-15"):
        assert package in text
    for stage in text.split("FROM ")[2:]:
        assert "USER 10001:10001" in stage
    assert SERVICES["postgres"]["image"] == "postgres:15-bookworm", "pg_dump must be as new as the server"


def test_image_gets_the_product_and_nothing_else() -> None:
    """No secret, no data, no test of the checkout comes into an image by accident."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = set()
    for line in DOCKERFILE.read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            copied |= set(line.split()[1:-1])
    assert copied == let_in
    assert let_in == {"requirements.lock", "pyproject.toml", "LICENSE", "api", "citizencard", "hardware", "ledger"}
    assert lines[-1] == "**/__pycache__"
