"""Measure a suite: does it notice wrong plans, and does a model depend on what does not matter?"""
