"""Taps come in: a file or a few records as JSON, checked, certified, judged and booked; a verdict for each."""
