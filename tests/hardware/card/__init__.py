"""Tests of the card's language."""
