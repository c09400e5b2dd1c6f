"""The newcomer's home."""

from flask import Blueprint, render_template

pages = Blueprint("home", __name__)


@pages.get("/")
def home() -> str:
    """What this is."""
    return render_template("home.html")
