"""Every column of bytes is in the registry of sealed ones, or said here to be none."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Final

from sqlalchemy import LargeBinary

import runtime.store
from runtime.services.resealing.places import PLACES
from runtime.store.base import Row

NOT_SEALED: Final[Mapping[str, str]] = {
    "invitations.hash": "of a token: nobody opens it",
    "tokens.hash": "of a token: nobody opens it",
}


def columns_of_bytes() -> set[str]:
    """Return every column of the schema that holds bytes."""
    for module in pkgutil.iter_modules(runtime.store.__path__, "runtime.store."):
        importlib.import_module(module.name)
    return {
        f"{table.name}.{column.name}"
        for table in Row.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }


def test_no_sealed_column_is_missing() -> None:
    """A rotation that passes one over would leave it to the old key."""
    sealed = {place.name for place in PLACES}

    assert columns_of_bytes() == sealed | set(NOT_SEALED)
    assert not sealed & set(NOT_SEALED)
    assert len(sealed) == len(PLACES)


def test_columns_are_reached_as_the_store_reaches_them() -> None:
    """By the key of their table; what binds them is never empty."""
    for place in PLACES:
        table = Row.metadata.tables[place.column.table]
        assert [column.name for column in table.primary_key] == ["organization_id", "id"]
        assert not table.c[place.column.bound_by].nullable
