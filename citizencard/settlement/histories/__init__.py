"""Rules over a card's history (caps, bands, counts), applied when a day is closed: what is less than was paid goes back to the holder."""
