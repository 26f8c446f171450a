"""Estimate, test and plan: pure arithmetic on counts and numbers, a question a module."""
