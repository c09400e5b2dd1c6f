"""What all pages have in common."""

import pytest

from api.pages.frame import STATIC, asset
from tests.api.pages.conftest import Visit
from tests.api.pages.page import parse


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_each_page_offers_the_other_language(visit: Visit, path: str) -> None:
    """One step changes the language, and then the links keep to it."""
    client = visit()
    for language, other in (("zh-Hans", "en"), ("en", "zh-Hans")):
        answer = client.get(f"{path}?lang={language}")
        assert (answer.headers["Content-Language"], answer.headers["Vary"]) == (language, "Accept-Language")
        page = parse(answer.get_data(as_text=True))
        assert page.one("a", _class="switch").attributes["href"] == f"{path}?lang={other}"
        assert page.one("a", _class="brand").attributes["href"] == f"/?lang={language}"


def test_without_a_choice_links_leave_it_to_the_browser(visit: Visit) -> None:
    """An address that is passed on does not force a language on others."""
    page = parse(visit().get("/").get_data(as_text=True))
    assert page.one("a", _class="brand").attributes["href"] == "/"


def test_invented_people_are_said_to_be_invented(visit: Visit) -> None:
    """In the test realm nobody takes the cards for real ones."""
    words = parse(visit().get("/?lang=en").get_data(as_text=True)).one("footer").words()
    assert "invented" in words


def test_address_of_a_file_changes_with_it() -> None:
    """The name of a version is the content's digest."""
    names = [str(path.relative_to(STATIC)) for path in STATIC.rglob("*") if path.is_file()]
    assert {asset(name).partition("?")[0] for name in names} == {f"/static/{name}" for name in names}
    assert asset("city.css") != asset("home.js").replace("home.js", "city.css")
