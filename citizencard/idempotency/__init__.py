"""A request that is sent again gets the answer it got the first time, and its effect happens once."""
