"""Lets an agent of Plangate feed and clean a zoo."""
