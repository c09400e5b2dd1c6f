"""How a proof goes over the transfers: cut into units, looked at one by one, by one process or several, all of one moment."""
