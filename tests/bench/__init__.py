"""The benches, as far as a test can look at them without measuring."""
