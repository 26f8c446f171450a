"""Name the roles that more than one real implementation plays."""
