"""Tests of the custody of keys."""
