"""Loads at kiosks: a terminal carries the card's answers, and is believed as little as a clerk's workstation is."""
