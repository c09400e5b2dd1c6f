"""Tests of the citizen card."""
