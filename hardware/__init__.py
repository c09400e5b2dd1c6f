"""Cards, readers and terminals. Knows cards and no city: nothing of ours is imported from outside this package."""
