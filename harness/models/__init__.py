"""Answer offline: the golden plan, the golden plan with seeded faults, and a rule-based planner."""
