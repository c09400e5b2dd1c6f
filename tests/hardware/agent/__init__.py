"""Tests of the reader agent."""
