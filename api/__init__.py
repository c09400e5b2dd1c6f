"""HTTP: the JSON faces and the pages of the citizen card."""
