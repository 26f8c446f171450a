"""Read off a refused statement which rule of the schema it broke."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError


def broken_constraint(error: IntegrityError) -> str | None:
    """Return the name of the constraint or unique index, or None if the server named none."""
    cause: object = error.orig
    while cause is not None:
        name = getattr(cause, "constraint_name", None)
        if isinstance(name, str):
            return name
        cause = getattr(cause, "__cause__", None)
    return None
