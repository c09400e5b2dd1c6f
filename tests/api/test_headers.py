"""Headers of every answer."""

from api.headers import HEADERS, POLICY
from tests.api.world import World


def test_no_page_loads_or_runs_anything_foreign(world: World) -> None:
    """A page of the city runs the city's own scripts and styles only, none of them inline, and is shown in nobody's frame."""
    assert "unsafe" not in POLICY
    assert "default-src 'self'" in POLICY
    assert "frame-ancestors 'none'" in POLICY
    for path in ("/", "/docs", "/openapi.json", "/v1/cards/none", "/nowhere", "/healthz"):
        answer = world.anybody().get(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (path, name)


def test_no_answer_about_people_is_kept_by_a_cache(world: World) -> None:
    """What a clerk saw is not in the browser's cache afterwards."""
    assert world.anybody().get("/v1/people/per_1").headers["Cache-Control"] == "no-store"
    assert world.anybody().get("/").headers["Cache-Control"] == "no-store"
