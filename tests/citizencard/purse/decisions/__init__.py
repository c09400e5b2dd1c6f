"""Tests of decisions about taps."""
