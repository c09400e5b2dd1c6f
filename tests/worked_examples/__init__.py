"""Examples that our pages work through, posted as they stand there."""
