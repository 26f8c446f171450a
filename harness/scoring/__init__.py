"""Score a trial: one file a question, each pure and explained in words."""
