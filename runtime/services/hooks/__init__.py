"""Inbound hooks: keep them, and turn what is delivered to them into plans."""
