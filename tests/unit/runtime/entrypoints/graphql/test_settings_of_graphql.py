"""Which documents are executed is what the environment says; by default none but trusted ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.settings import ServiceSettings, SettingsError


def test_nothing_but_trusted_documents_is_executed_by_default() -> None:
    """So that a platform that was told nothing is closed."""
    read = ServiceSettings.read({}).graphql

    assert (read.documents, read.any_document) == (None, False)


def test_documents_and_mode_are_read() -> None:
    """Each from its variable."""
    read = ServiceSettings.read(
        {"PLANGATE_GRAPHQL_DOCUMENTS": "/etc/documents.json", "PLANGATE_GRAPHQL_MODE": "any"}
    ).graphql

    assert (read.documents, read.any_document) == (Path("/etc/documents.json"), True)


def test_a_mode_that_is_none_is_refused() -> None:
    """Rather than taken for one of them."""
    with pytest.raises(SettingsError, match="PLANGATE_GRAPHQL_MODE is 'open'"):
        ServiceSettings.read({"PLANGATE_GRAPHQL_MODE": "open"})
