"""Tests of equipping devices."""
