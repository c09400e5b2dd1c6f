"""Pages that people see, read as a browser reads them."""
