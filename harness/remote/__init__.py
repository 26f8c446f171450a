"""Do the trials of a run on many machines: Celery carries them, Redis holds what must be shared."""
