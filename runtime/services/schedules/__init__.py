"""Use cases of plans that come due by the clock: who keeps them, and who executes them."""
