"""Residents: identity encrypted at rest, looked up by exact match, shown masked, revealed only after an audit row."""
