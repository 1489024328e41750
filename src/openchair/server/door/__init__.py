"""The door: the host and the session of whoever comes, keys of programs, and signing in."""
