"""The portal as residents use it."""
