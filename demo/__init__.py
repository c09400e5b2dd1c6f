"""The demo city: a user of the product over HTTP and hardware only."""
