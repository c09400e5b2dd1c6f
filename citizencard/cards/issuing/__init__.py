"""Personalisation: from a maker's blank to a card or PSAM that has proved its keys."""
