"""Tests of the rules over a card's history."""
