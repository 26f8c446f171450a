"""Hold the schema's history: each change of a table, and of who may see its rows, is a revision."""
