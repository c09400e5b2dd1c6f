"""Tests of issuing."""
