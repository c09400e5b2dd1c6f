"""The clerk's console."""
