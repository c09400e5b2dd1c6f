"""How fast prices are found and explained: rides, stays, bills."""
