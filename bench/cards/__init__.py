"""How fast cards are answered: the TACs of an upload, and a tap."""
