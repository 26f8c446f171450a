"""Decide plans deterministically: the only code that may change state."""
