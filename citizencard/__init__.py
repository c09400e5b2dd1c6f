"""The city: people, cards, keys, terminals, purses and settlement of a citizen card (市民卡)."""
