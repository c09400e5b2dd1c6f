"""What rides cost: read from the part `transit` of a tariff, priced from a record alone, and rated with a card's history."""
