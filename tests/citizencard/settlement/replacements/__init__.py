"""Tests of cards in the place of others."""
