"""Tests of workstations."""
