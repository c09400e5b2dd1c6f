"""The documentation page, made from the OpenAPI document."""

from flask import Blueprint, render_template

pages = Blueprint("docs", __name__)


@pages.get("/docs")
def documentation() -> str:
    """All routes."""
    return render_template("docs.html")
