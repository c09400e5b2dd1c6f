"""What pages of signed-in people stand on: vendored files, cookies, navigation, refusals in words, no text outside the catalogue."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from flask import Flask, Response

import api
from api.pages.frame import STATIC
from api.pages.texts import FRAME, TEXTS
from api.pages.texts_docs import DOCS
from api.pages.texts_home import HOME
from api.routes import ACCESS, Door
from api.web import cookies
from api.web.doors import local
from api.web.navigation import CONSOLE, PORTAL, entries
from api.web.refusals import describe
from citizencard.staff.errors import OutletNameTaken
from ledger.errors import LedgerBusy

VENDOR = STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())
ROOT = Path(api.__file__).parent
TEMPLATES = sorted(path for path in ROOT.rglob("templates/**/*.html"))
OURS = sorted(path for path in STATIC.rglob("*") if path.suffix in (".css", ".js", ".svg") and path.parent != VENDOR)
HOSTS = re.compile(r"(?:https?:)?//(?!www\.w3\.org/)[a-z0-9-]+\.[a-z]")
ASKED = re.compile(r"\bt\(\s*(?:\"([^\"]+)\"|'([^']+)')\s*(~)?")


def test_vendored_files_are_those_of_the_manifest() -> None:
    """What the pages are built on is byte for byte what its makers published, and says under which licence."""
    assert {entry["file"] for entry in MANIFEST} | {"manifest.json"} == {path.name for path in VENDOR.iterdir()}
    for entry in MANIFEST:
        assert set(entry) == {"name", "version", "licence", "file", "from", "sha384"}
        digest = hashlib.sha384((VENDOR / entry["file"]).read_bytes()).digest()
        assert entry["sha384"] == "sha384-" + base64.b64encode(digest).decode(), entry["file"]
        assert entry["licence"] in ("MIT", "0BSD")
        assert re.fullmatch(r"\d+\.\d+\.\d+", entry["version"])


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.css")), ids=lambda path: path.name)
def test_styles_load_nothing_from_elsewhere(path: Path) -> None:
    """No stylesheet makes a browser ask another host: no import, no address but embedded pictures."""
    text = path.read_text()
    assert "@import" not in text
    assert "image-set(" not in text
    for address in re.findall(r"url\(\s*[\"']?([^)]{0,30})", text):
        assert address.startswith("data:image/svg+xml"), address


@pytest.mark.parametrize("path", TEMPLATES + OURS, ids=lambda path: path.name)
def test_templates_and_our_files_name_no_other_host(path: Path) -> None:
    """No page makes a browser ask another host."""
    text = path.read_text().replace("http://127.0.0.1:47112", "")
    assert HOSTS.search(text) is None, HOSTS.search(text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_text_and_nothing_inline(path: Path) -> None:
    """Every word comes from the catalogue, every script and style from a file."""
    text = path.read_text()
    assert not re.search(r"\s(on[a-z]+|hx-on[a-z:-]*|style)\s*=", text)
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)", text)
    source = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
    source = re.sub(r"<pre><code>[a-z /]+</code></pre>|<!doctype[^>]*>|</\w+>", " ", source)
    for spoken in ("alt", "title", "aria-label", "placeholder"):
        for value in re.findall(rf'\b{spoken}="([^"]*)"', text):
            assert value == "" or value.startswith("{{"), value
    words = re.sub(r"<\w(?:[^>\"']|\"[^\"]*\"|'[^']*')*>", " ", source)
    words = re.sub(r'\baria-[a-z]+="[^"]*"', " ", words)  # attributes that a macro writes into a tag
    assert not re.search(r"[A-Za-z\u4e00-\u9fff]", words), re.findall(r"\S*[A-Za-z\u4e00-\u9fff]\S*", words)
    for found in ASKED.finditer(text):
        key = found[1] or found[2]
        if found[3]:
            assert any(known.startswith(key) for known in TEXTS), key
        else:
            assert key in TEXTS, key


def test_no_text_of_pages_is_left_over() -> None:
    """The catalogue holds no dead sentences."""
    sources = [path for path in ROOT.rglob("*.py") if not path.name.startswith("texts")]
    written = "\n".join(path.read_text() for path in (*TEMPLATES, *sources))
    named = set(re.findall(r"[\"']([A-Za-z_0-9.-]+)[\"']", written))
    families = tuple(
        {*re.findall(r"[\"']([a-z_0-9.]+\.)[\"'] ~", written), *re.findall(r"f\"([a-z_0-9.]+\.)\{", written)}
    )
    ours = TEXTS.keys() - FRAME.keys() - HOME.keys() - DOCS.keys()
    left = {key for key in ours if key not in named and not key.startswith(families)}
    assert left == set()


@pytest.mark.parametrize("path", [path for path in OURS if path.suffix == ".js"], ids=lambda path: path.name)
def test_scripts_hold_no_words(path: Path) -> None:
    """A script says only what its page gives it to say, and puts no text in as HTML of its own."""
    source = re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE)
    assert not re.search(r"[\u4e00-\u9fff]", source)
    assert not re.search(r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function", source)


def test_navigation_leads_to_pages_that_exist() -> None:
    """No entry leads nowhere, and each has its name."""
    for door, listed in ((Door.CONSOLE, CONSOLE), (Door.PORTAL, PORTAL)):
        assert entries(door) == listed
        for entry in listed:
            assert ACCESS["GET", entry.path].door is door
            assert entry.text in TEXTS
    assert entries(Door.STAFF) == ()


def test_form_tokens_belong_to_one_session() -> None:
    """The token in a form says nothing of the session's, and fits no other."""
    token = cookies.form_token("a" * 43)
    assert token != cookies.form_token("b" * 43)
    assert cookies.is_form_token("a" * 43, token)
    for wrong in ("", token[:-1], token + "=", "ä", cookies.form_token("b" * 43)):
        assert not cookies.is_form_token("a" * 43, wrong)
    sealed = cookies.sealed("a" * 43, b"said")
    assert cookies.opened("a" * 43, sealed) == b"said"
    assert cookies.opened("b" * 43, sealed) is None
    assert token not in sealed


def test_cookies_are_bound_to_this_host() -> None:
    """A neighbouring host can neither read nor plant them, nor can a script."""
    assert cookies.new_visitor() != cookies.new_visitor()
    for name in (cookies.STAFF, cookies.RESIDENT, cookies.VISITOR, cookies.FLASH, cookies.LOOK):
        answer = Response()
        assert name.startswith("__Host-")
        cookies.give(answer, name, "x", 60)
        cookies.take(answer, name)
        for written in answer.headers.getlist("Set-Cookie"):
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(written.split("; "))
            assert "Domain" not in written
    with Flask(__name__).test_request_context(headers={"Cookie": f"{cookies.STAFF}={'x' * 129}"}):
        assert cookies.secret_cookie(cookies.STAFF) is None


@pytest.mark.parametrize("path", ["/console", "/portal/bills?month=2026-11", "/console/cards/card_1/loss"])
def test_own_addresses_are_led_on_to(path: str) -> None:
    """Only addresses under the console and the portal are."""
    assert local(path, "/") == path
    for foreign in (f"/{path}", f"https://x.cn{path}", path.replace("/", "\\"), f"{path}\n", f"{path}#a", "/v1/cards"):
        assert local(foreign, "/") == "/"


def test_refusals_are_said_in_the_readers_language() -> None:
    """A refusal's title is a sentence in both languages; what it says about the one case is not shown."""
    app = Flask(__name__)
    for language, title in (("en", "Another outlet has this name"), ("zh", "")):
        with app.test_request_context(f"/?lang={language}"):
            shown = describe(OutletNameTaken("outlet of somebody 13800138000"))
            assert "138" not in shown.title
            assert title in shown.title
    with app.test_request_context("/?lang=en"):
        assert describe(LedgerBusy("x")).code == "ledger_busy"
