"""Custodians at the terminal: each signs in with password and one-time code, is told apart, and types what nobody else may see."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from citizencard.audit import Actor
from citizencard.cli.start import City, open_city
from citizencard.clock import now
from citizencard.custody.flow import Desk
from citizencard.db import Sessions
from citizencard.errors import CitizencardError
from citizencard.keys import ceremony
from citizencard.keys.errors import CheckValueWrong, ComponentMalformed, CustodianRepeated, KeyWeak
from citizencard.keys.hsm import FieldContext, KeyRole
from citizencard.keys.keystore import KeyStore
from citizencard.keys.secret import CHECK_VALUE_BYTES
from citizencard.keys.start import open_vault
from citizencard.staff.errors import SignInRefused
from citizencard.staff.flow import Credentials, LoginSecrets, SignedIn, authenticate, sign_in, sign_out
from citizencard.staff.permissions import Permission, require
from citizencard.staff.totp import SealedInPlace

TRIES: Final = 3
WORKSTATION: Final = "key-ceremony"
CLEAR: Final = "\033[2J\033[3J\033[H"
"""Clears the screen and what is scrolled off it."""


class NoTerminal(CitizencardError):
    """Secrets are typed at a terminal, where they are not shown."""

    code = "no_terminal"


def check_terminal() -> None:
    """Refuse to read secrets from where they would be shown or stored: a file, a pipe, a script.

    Raises:
        NoTerminal: standard input is none.
    """
    if not sys.stdin.isatty():
        raise NoTerminal("this command asks people for secrets: run it at a terminal")


def open_keys() -> tuple[City, KeyStore]:
    """The installation and its keys, in this hardened process."""
    city = open_city()
    return city, open_vault(city.settings)


def signed_in(
    sessions: Sessions, keys: KeyStore, part: str, permission: Permission = Permission.KEYS_CEREMONY
) -> Actor:
    """Ask somebody to sign in; the session ends at once, since the person is at the desk.

    Raises:
        SignInRefused: login, password or code is wrong three times; the login counts each.
        PermissionDenied: not a custodian.
    """
    click.echo(f"{part}:")
    secrets = LoginSecrets(SealedInPlace(keys, FieldContext))
    session = _session(sessions, secrets)
    try:
        actor = require(authenticate(sessions, session.token, now()), permission)
    finally:
        sign_out(sessions, session.token, now())
    click.echo("  signed in")
    return actor


def _session(sessions: Sessions, secrets: LoginSecrets) -> SignedIn:
    for left in reversed(range(TRIES)):
        login = click.prompt("  login")
        password = click.prompt("  password", hide_input=True)
        code = click.prompt("  one-time code", hide_input=True)
        try:
            return sign_in(sessions, secrets, Credentials(login, password, code, WORKSTATION), now())
        except SignInRefused as refusal:
            if not left:
                raise
            click.echo(f"  {refusal}; try again, with a new code")
    raise SignInRefused("nobody signed in")


def two_custodians(sessions: Sessions, keys: KeyStore) -> tuple[Actor, ...]:
    """Two different people who may do ceremonies.

    Raises:
        CustodianRepeated: the same person twice, under whatever login.
    """
    first = signed_in(sessions, keys, "First custodian")
    second = signed_in(sessions, keys, "Second custodian")
    if first.person_id == second.person_id:
        raise CustodianRepeated("the second custodian is the same person as the first")
    return first, second


@contextmanager
def desk_of_two() -> Iterator[Desk]:
    """The keeper with two custodians at the terminal."""
    check_terminal()
    city, keys = open_keys()
    people = two_custodians(city.sessions, keys)
    try:
        yield Desk(keys, city.sessions, people, now())
    finally:
        city.engine.dispose()


def gather(sessions: Sessions, keys: KeyStore, held: ceremony.Ceremony, *, parity: bool) -> tuple[Actor, ...]:
    """Let each custodian sign in and type a component, without echo, against the check value of its paper.

    Raises:
        CustodianRepeated: a person who has brought one already.
        CheckValueWrong, ComponentMalformed, KeyWeak: three times in a row; nothing is kept.
    """
    actors = []
    for number in range(1, held.wanted + 1):
        actor = signed_in(sessions, keys, f"Custodian {number} of {held.wanted}")
        person = actor.person_id or actor.id
        held.admit(person)
        check_value = _typed(held, person, parity=parity)
        click.echo(f"  component {number}: check value {check_value.hex().upper()}")
        actors.append(actor)
    return tuple(actors)


def _typed(held: ceremony.Ceremony, person: str, *, parity: bool) -> bytes:
    for left in reversed(range(TRIES)):
        text = click.prompt("  component (hexadecimal, not shown)", hide_input=True)
        paper = click.prompt("  check value on its paper")
        try:
            component = ceremony.parse_component(held.algorithm, text, parity=parity)
            held.contribute(person, component, check_value_of(paper))
        except (CheckValueWrong, ComponentMalformed, KeyWeak) as refusal:
            if not left:
                raise
            click.echo(f"  {refusal}; type it again")
            continue
        return component.check_value
    raise ComponentMalformed("no component was typed")


def check_value_of(text: str) -> bytes:
    """A check value as it stands on paper.

    Raises:
        CheckValueWrong: not six hexadecimal digits.
    """
    try:
        value = bytes.fromhex(text.strip())
    except ValueError:
        value = b""
    if len(value) != CHECK_VALUE_BYTES:
        raise CheckValueWrong("a check value has six hexadecimal digits")
    return value


def write_record(text: str, path: Path | None) -> None:
    """Print a record, or write it to a new file."""
    if path is None:
        click.echo(text)
        return
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    click.echo(f"record: {path}")


ROLE: Final = click.Choice([str(role) for role in KeyRole if role is not KeyRole.PSAM_PURCHASE])
"""Roles that have a key of their own."""
RECORD_OPTION: Final = click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A new file for the record; without it, it is printed.",
)
