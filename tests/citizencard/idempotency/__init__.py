"""Tests of repeated requests."""
