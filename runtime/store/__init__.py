"""Keep what must outlast a process in Postgres: a table next to the queries that use it."""
