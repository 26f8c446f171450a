"""Let distributions declare components, actions and environments."""
