"""Use cases of jobs: hand them to the queue, run them, and take them from workers that are gone."""
