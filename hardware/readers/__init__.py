"""Real card readers over PC/SC: the service is talked to in a child process that may be given up at any moment."""
