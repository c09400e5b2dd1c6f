"""Tests of social-security links."""
