"""A card in the place of another: the money that was on the old chip, and taps of it that come in late."""
