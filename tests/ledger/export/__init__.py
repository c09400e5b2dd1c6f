"""Tests of the exported books."""
