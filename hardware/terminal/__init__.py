"""A reference terminal: bus validator, outbox and uplink, built from the published descriptions alone, as a vendor would."""
