"""Tests of purse."""
