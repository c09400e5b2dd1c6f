"""How routes answer."""

from flask import Flask, Response
from marshmallow import fields

from api.face import Document, Face, Shapes, json_answer
from api.schemas.shape import Answer


class ThingAnswer(Answer):
    """A thing."""

    name = fields.String(required=True)


def application(face: Face) -> Flask:
    app = Flask("test")
    app.config.update(API_TITLE="t", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    Document(app).register_blueprint(face.blueprint)
    return app


def test_answer_is_what_its_shape_says() -> None:
    """A field that was not meant to leave the house does not leave it, because a view returned too much."""
    face = Face("Things", "/v1", "Things.")

    @face.get("/things", Shapes(gives=ThingAnswer))
    def see() -> dict[str, str]:
        """See."""
        return {"name": "卡", "secret": "x"}

    answer = application(face).test_client().get("/v1/things")
    assert answer.get_data(as_text=True) == '{"name":"卡"}'
    assert answer.content_type == "application/json"


def test_answer_without_a_body_has_none() -> None:
    """Signing out has nothing to say."""
    face = Face("Things", "/v1", "Things.")

    @face.delete("/things", Shapes(gives=None, status=204))
    def end() -> None:
        """End."""

    answer = application(face).test_client().delete("/v1/things")
    assert (answer.status_code, answer.data) == (204, b"")


def test_view_may_answer_by_itself() -> None:
    """The hot path builds its answer without any shape in between."""
    face = Face("Things", "/v1", "Things.")

    @face.post("/things", Shapes(gives=ThingAnswer))
    def take() -> Response:
        """Take."""
        return json_answer({"any": "thing"}, 200)

    assert application(face).test_client().post("/v1/things").get_json() == {"any": "thing"}
