"""Pages of residents: how much do I have, what did it cost and why, what must I pay."""
