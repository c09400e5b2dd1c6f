"""Tests of the keys: made-up keys, real files."""
