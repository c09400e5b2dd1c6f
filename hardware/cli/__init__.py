"""The commands of the hardware side: `citizencard-card` and `citizencard-terminal`."""
