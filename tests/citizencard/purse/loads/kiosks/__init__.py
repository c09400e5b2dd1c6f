"""Loads at kiosks, from the card to the books."""
