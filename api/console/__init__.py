"""The clerk's console: server-rendered pages over the domain's own functions. Rules of the city are in `citizencard`, none is here."""
