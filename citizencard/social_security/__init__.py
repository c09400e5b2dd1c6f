"""The link between a resident and social security (社会保障), which outlives every card."""
