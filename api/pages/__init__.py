"""Pages that people see: the newcomer's home and the documentation of the interface."""
