"""Tests of unloads."""
