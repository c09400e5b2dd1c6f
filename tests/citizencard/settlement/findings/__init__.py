"""Tests of the queue of findings."""
