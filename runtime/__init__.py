"""Plangate's platform: authorise, run, record and announce an agent's plans."""
