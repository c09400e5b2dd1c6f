"""What devices fetch and are asked for: other issuers, shifts, gaps."""
