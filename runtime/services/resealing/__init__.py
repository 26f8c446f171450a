"""Seal anew what is stored sealed, so that a key of the server can be given up."""
