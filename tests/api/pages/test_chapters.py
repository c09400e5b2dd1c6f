"""Any OpenAPI document becomes a page, however little is in it."""

from typing import Any

import pytest
from flask import Flask

from api.pages import frame
from api.pages.chapters import Book, anchor_of, read
from api.pages.docs import guides, problems, prose, protocol
from api.pages.language import Language
from tests.api.pages.conftest import Visit
from tests.api.pages.page import parse

SMALL: dict[str, Any] = {
    "info": {"title": "Small", "version": "1"},
    "tags": [{"name": "Things", "description": "All of them."}, {"name": "Nothing"}],
    "paths": {
        "/v1/things/{id}": {
            "parameters": [
                {"in": "path", "name": "id", "required": True, "schema": {"type": "string", "minLength": 1}}
            ],
            "get": {
                "tags": ["Things"],
                "summary": "One thing.",
                "description": "First.\n\nSecond.",
                "security": [{"session": []}],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                    "404": {},
                    "default": {},
                },
            },
            "delete": {"tags": ["Things"], "responses": {"204": {"description": "gone"}}},
            "post": {"responses": {}},
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "properties": {"id": {"type": "string"}, "part": {"$ref": "#/components/schemas/Part"}},
                "required": ["id"],
            },
            "Part": {"properties": {"of": {"$ref": "#/components/schemas/Thing"}}},
            "Unused": {"properties": {}},
        }
    },
}


@pytest.fixture
def book() -> Book:
    """The small document, read."""
    return read(SMALL)


def test_operation_is_read_whole(book: Book) -> None:
    """Method, path, words, ways in, parameters, answers and refusals."""
    found = book.find("GET", "/v1/things/{id}")
    assert found is not None
    assert (found.method, found.summary, found.paragraphs) == ("GET", "One thing.", ("First.", "Second."))
    assert (found.door, found.refusals) == ("session", ("404",))
    assert [(one.name, one.place, one.required, one.about) for one in found.parameters] == [("id", "path", True, "")]
    (answer,) = found.answers
    assert (answer.status, answer.schema) == ("200", "Thing")
    assert '"id": "…"' in answer.example


def test_chapters_are_those_that_have_operations(book: Book) -> None:
    """Tags without operations are no chapters; of the schemas those are shown that an operation reaches, rings included."""
    assert [(chapter.name, len(chapter.operations), chapter.is_for_devices) for chapter in book.chapters] == [
        ("Things", 2, False)
    ]
    assert [schema.name for schema in book.schemas] == ["Part", "Thing"]


def test_answer_without_a_body_has_no_example(book: Book) -> None:
    """204 says nothing, and nothing is made up for it."""
    found = book.find("DELETE", "/v1/things/{id}")
    assert found is not None
    assert [(one.status, one.schema, one.example) for one in found.answers] == [("204", "", "")]


@pytest.mark.parametrize("document", [{}, {"paths": {}}, {"info": {}, "tags": [], "paths": {"/x": {}}}, SMALL])
def test_page_is_made_from_very_little(visit: Visit, document: dict[str, Any]) -> None:
    """A program with few or no operations has a page that says so."""
    application = visit().application
    assert isinstance(application, Flask)
    found = read(document)
    with application.test_request_context("/docs?lang=en"):
        parts = {"guides": guides(found), "problems": problems(Language.EN), "protocol": protocol()}
        page = frame.render("docs.html", Language.EN, book=found, prose=prose, **parts)
    words = parse(page.get_data(as_text=True)).words()
    assert ("nothing to call yet" in words) == (not found.chapters)


def test_anchors_are_stable_words() -> None:
    """Addresses that people pass on are made from method and path alone."""
    assert anchor_of("POST", "/v1/cards/{card_id}/activation") == "post-v1-cards-card_id-activation"
