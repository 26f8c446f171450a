"""Carry jobs between relays and workers by Celery, through whatever broker its URL names."""
