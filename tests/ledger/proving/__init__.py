"""Tests of how a proof goes over the transfers."""
