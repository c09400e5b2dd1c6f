"""Tests of proposed tariffs."""
