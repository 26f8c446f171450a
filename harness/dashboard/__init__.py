"""Serve the runs of a tracking store and of a folder as live pages on this machine."""
