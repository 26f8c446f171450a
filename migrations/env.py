"""Run revisions over the connection that `runtime.store.revisions` hands in, or write their SQL."""

from __future__ import annotations

from alembic import context


def _run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is None:
        context.configure(
            dialect_name="postgresql",
            dialect_opts={"paramstyle": "named"},  # the default one doubles every percent sign
            literal_binds=True,
            transaction_per_migration=True,
        )
    else:
        context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


_run()
