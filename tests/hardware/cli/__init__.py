"""Tests of the commands of the hardware side."""
