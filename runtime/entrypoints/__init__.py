"""Expose the runtime to the outside: commands now, HTTP next."""
