"""Known values, one module a set. Each names its source; values of our own are marked as a regression set."""
