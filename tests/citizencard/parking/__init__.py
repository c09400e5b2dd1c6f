"""Tests of parking."""
