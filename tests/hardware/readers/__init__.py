"""Tests of the readers package; those with a real service are in tests/reader."""
