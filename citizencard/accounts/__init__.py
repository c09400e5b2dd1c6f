"""On-line accounts (联机账户): money whose truth lies in the books, paid in at a counter and spent with proof of a card."""
