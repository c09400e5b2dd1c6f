"""Tests of citizencard."""
