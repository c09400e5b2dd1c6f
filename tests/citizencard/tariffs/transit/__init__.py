"""Tests of what rides cost."""
