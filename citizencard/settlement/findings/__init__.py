"""The queue of findings: taps that a person has to decide about, and what becomes of their money."""
