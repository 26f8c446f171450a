"""Keep organizations, projects, their people and who may do what in them."""
