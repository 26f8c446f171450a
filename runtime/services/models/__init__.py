"""Use cases of models: how they are asked, what they may cost, and what they did cost."""
