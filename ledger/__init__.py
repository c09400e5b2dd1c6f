"""Double-entry engine: knows money and no cards."""
