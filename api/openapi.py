"""The OpenAPI document: made from the same schemas that check the requests, completed from the same table that lets callers in."""

from typing import Any, Final, cast

from flask import Flask

from api.city import EXTENSION, City
from api.face import Document
from api.idempotency import HEADER, NEEDS_NO_KEY
from api.routes import ACCESS, Access, Door
from api.schemas.problems import ProblemAnswer
from api.terminals import FACES as TERMINAL_FACES
from api.v1 import FACES as STAFF_FACES

VERSION: Final = "3.1.0"
ABOUT: Final = (
    "Staff work under /v1 with a session token; devices work under /terminals and sign each request (RFC 9421)."
    " Amounts are whole fen. Times are RFC 3339, in UTC. Refusals are problem documents (RFC 9457) with a stable `code`."
    " What creates something or moves money needs an Idempotency-Key and can then be sent again safely."
)
SECURITY: Final[dict[str, dict[str, str]]] = {
    "session": {"type": "http", "scheme": "bearer", "description": "Token of POST /v1/staff-sessions"},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Signature",
        "description": "RFC 9421, Ed25519, over @method, @path, @query if there is one, and content-digest;"
        " with created (±300 s), a nonce of 16 to 88 characters, and the terminal number as keyid",
    },
}
_DOORS: Final[dict[Door, list[dict[str, list[str]]]]] = {
    Door.OPEN: [],
    Door.STAFF: [{"session": []}],
    Door.TERMINAL: [{"signature": []}],
}
_PROBLEMS: Final = {
    Door.OPEN: (413, 422, 500),
    Door.STAFF: (401, 403, 413, 422, 500),
    Door.TERMINAL: (400, 401, 403, 413, 422, 429, 500, 503),
}


def install(app: Flask) -> None:
    """Open all faces and serve the document at /openapi.json."""
    app.config.update(
        API_TITLE="Citizen card",
        API_VERSION="1",
        OPENAPI_VERSION=VERSION,
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
    )
    settings = cast("City", app.extensions[EXTENSION]).settings
    about = {"description": ABOUT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}
    document = Document(app, spec_kwargs={"info": about, "servers": [{"url": settings.public_url}]})
    document.DEFAULT_ERROR_RESPONSE_NAME = None
    for face in (*STAFF_FACES, *TERMINAL_FACES):
        document.register_blueprint(face.blueprint)
    for name, scheme in SECURITY.items():
        document.spec.components.security_scheme(name, scheme)
    document.spec.components.schema("Problem", schema=ProblemAnswer)
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    document.spec.components.response("Problem", {"description": "Refused: a problem document", "content": content})
    _complete(document)


def document_of(app: Flask) -> dict[str, Any]:
    """The document of an application, as JSON values."""
    found: dict[str, Any] = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    return found


def _complete(document: Document) -> None:
    """Add to every operation who may call it, its problems, and the headers that it needs."""
    for (method, rule), access in ACCESS.items():
        path = _documented(rule)
        operation = document.spec._paths.get(path, {}).get(method.lower())  # noqa: SLF001 # the library has no other way in
        if operation is not None:
            _describe(operation, method, rule, access)


def _describe(operation: dict[str, Any], method: str, rule: str, access: Access) -> None:
    operation["security"] = _DOORS[access.door]
    if access.permissions:
        needs = " or ".join(f"`{permission}`" for permission in access.permissions)
        fresh = " A one-time code must have been entered within the last five minutes." if access.fresh_code else ""
        about = operation.get("description", "")
        operation["description"] = f"{about}\n\nNeeds the permission {needs}.{fresh}".strip()
    if method == "POST" and rule.startswith("/v1/") and rule not in NEEDS_NO_KEY:
        operation.setdefault("parameters", []).append(
            {
                "in": "header",
                "name": HEADER,
                "required": True,
                "description": "1 to 255 printable ASCII characters, such as a UUID; the same request again has the same key",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    responses = operation.setdefault("responses", {})
    for status in (*_PROBLEMS[access.door], "default"):
        responses[str(status)] = {"$ref": "#/components/responses/Problem"}


def _documented(rule: str) -> str:
    """A route as OpenAPI writes it: `/v1/cards/<card_id>` becomes `/v1/cards/{card_id}`."""
    parts = rule.replace(">", "<").split("<")
    return "".join(f"{{{part.rpartition(':')[2]}}}" if number % 2 else part for number, part in enumerate(parts))
