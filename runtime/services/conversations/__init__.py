"""Use cases of conversations: what members say, what the agent proposes, what becomes of it."""
