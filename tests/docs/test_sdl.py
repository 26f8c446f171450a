"""The file of the schema says what the schema is, and the page about it what holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("strawberry", reason="install plangate[graphql] to check its schema")

from runtime.entrypoints.graphql import connections, cost, limits
from runtime.entrypoints.graphql.checking import checked
from runtime.entrypoints.graphql.refusals import Reason
from runtime.entrypoints.graphql.schema import SCHEMA, schema_text
from tests.docs.renew_sdl import FILE

PAGE = (Path(__file__).parents[2] / "docs" / "graphql.md").read_text(encoding="utf-8")


def test_the_file_is_the_schema() -> None:
    """Whoever changes a type renews the file: `python -m tests.docs.renew_sdl`."""
    assert FILE.read_text(encoding="utf-8") == schema_text()


def test_every_document_of_the_page_fits_the_schema() -> None:
    """So that what is copied from there works."""
    documents = re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL)

    assert len(documents) >= 3
    for document in documents:
        checked(SCHEMA, document, introspection=False)


def test_the_page_names_every_limit_and_reason() -> None:
    """With the numbers that hold."""
    numbers = [
        limits.MOST_BYTES,
        limits.MOST_TOKENS,
        limits.MOST_DEPTH,
        limits.MOST_ALIASES,
        limits.MOST_REPETITIONS,
        limits.MOST_DIRECTIVES,
        limits.MOST_FRAGMENTS,
        limits.MOST_ROOT_FIELDS,
        limits.MOST_VARIABLES,
        cost.MOST_COST,
        connections.MOST_ITEMS,
        connections.MOST_OUTCOMES,
    ]

    assert [number for number in numbers if not re.search(rf"\b{number}\b", PAGE)] == []
    assert [reason for reason in Reason if f"`{reason.value}`" not in PAGE] == []
