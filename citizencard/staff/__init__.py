"""The people who work with the system: outlets, tills, logins, roles, sessions."""
