"""Loads (圈存): money put on a chip, booked before the card is told and ended only by proof."""
