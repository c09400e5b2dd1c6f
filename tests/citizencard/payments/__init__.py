"""Payments over the internet, tried against a stand-in that remembers."""
