"""A city behind HTTP: the application on the test's database, people who are signed in, and a clock that stands still."""

import itertools
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from citizencard.db import Sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.staff.flow import Credentials, activate, sign_in
from citizencard.staff.members import NewStaff, create_staff
from citizencard.staff.permissions import Role
from tests.citizencard.staff.make_staff import BOOTSTRAP, PASSWORD, login_secrets

_PEOPLE = itertools.count(1)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    instant: datetime

    def __call__(self) -> datetime:
        return self.instant

    def advance(self, by: timedelta) -> None:
        self.instant += by


@dataclass
class Caller:
    """Somebody's connection: sends JSON with a new idempotency key unless one is given."""

    client: FlaskClient
    headers: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, body: object = None, **headers: str) -> TestResponse:
        return self.send("POST", path, body, **{"Idempotency_Key": secrets.token_hex(8), **headers})

    def put(self, path: str, body: object = None) -> TestResponse:
        return self.send("PUT", path, body)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.send("GET", path, None, **headers)

    def delete(self, path: str) -> TestResponse:
        return self.send("DELETE", path, None)

    def send(self, method: str, path: str, body: object, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items() if value}
        json = {} if body is None and method == "POST" else body
        return self.client.open(path, method=method, json=json, headers={**self.headers, **named})


@dataclass
class World:
    """A city with its application."""

    app: Flask
    sessions: Sessions
    vault: SoftwareVault
    clock: Clock
    signed_in: dict[frozenset[Role], Caller] = field(default_factory=dict)

    def anybody(self) -> Caller:
        return Caller(self.app.test_client())

    def as_(self, *roles: Role, outlet_id: str | None = None) -> Caller:
        """Somebody with these roles, signed in; the same human for the same roles."""
        wanted = frozenset(roles)
        if wanted not in self.signed_in or outlet_id is not None:
            self.signed_in[wanted] = self._sign_in(wanted, outlet_id)
        return self.signed_in[wanted]

    def _sign_in(self, roles: frozenset[Role], outlet_id: str | None) -> Caller:
        login = f"person-{next(_PEOPLE)}"
        new = NewStaff(login, login, login, roles, outlet_id)
        with transaction(self.sessions) as session:
            created = create_staff(session, new, BOOTSTRAP, self.clock())
        keeper = login_secrets(self.vault)
        active = activate(self.sessions, keeper, created.one_time_token, PASSWORD, self.clock())
        code = pyotp.TOTP(active.totp_secret).at(self.clock())
        opened = sign_in(self.sessions, keeper, Credentials(login, PASSWORD, code, "test"), self.clock())
        return Caller(self.app.test_client(), {"Authorization": f"Bearer {opened.token}"})


def ok(answer: TestResponse) -> dict[str, Any]:
    """The JSON of an answer that must have gone well."""
    assert answer.status_code < 300, f"{answer.status_code}: {answer.get_data(as_text=True)}"
    found: dict[str, Any] = answer.get_json() if answer.data else {}
    return found


def problem(answer: TestResponse, status: int, code: str) -> Mapping[str, Any]:
    """The problem document of an answer that must have been refused so."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.get_data(as_text=True)}"
    assert answer.content_type == "application/problem+json"
    found: dict[str, Any] = answer.get_json(force=True)
    assert found["code"] == code, found
    assert found["status"] == status
    assert found["type"] == f"/problems/{code}"
    assert found["title"]
    assert found["request_id"] == answer.headers["X-Request-Id"]
    return found
