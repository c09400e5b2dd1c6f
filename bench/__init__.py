"""Speed of the main jobs, each as a ratio to a named reference in the same run: machines differ, ratios hardly."""
