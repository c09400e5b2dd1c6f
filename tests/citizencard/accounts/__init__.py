"""Tests of on-line accounts."""
