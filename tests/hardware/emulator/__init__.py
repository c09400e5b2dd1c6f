"""Tests of the emulated card and PSAM."""
