"""The chip purse as the city sees it: loads, purchases and the shadow."""
