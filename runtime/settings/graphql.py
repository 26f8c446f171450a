"""Settings of GraphQL: which documents may be executed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runtime.settings.reading import SettingsError

DOCUMENTS: Final = "PLANGATE_GRAPHQL_DOCUMENTS"
MODE: Final = "PLANGATE_GRAPHQL_MODE"
TRUSTED: Final = "trusted"
ANY: Final = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphqlSettings:
    """Say what may be executed; by default nothing that is not registered.

    Attributes:
        documents: file of trusted documents by their SHA-256, from `PLANGATE_GRAPHQL_DOCUMENTS`.
        any_document: from `PLANGATE_GRAPHQL_MODE`: `any` executes others too, and tells the
            schema, for development; `trusted` does not.
    """

    documents: Path | None = None
    any_document: bool = False


def read_graphql(told: Mapping[str, str]) -> GraphqlSettings:
    """Read the part of GraphQL.

    Raises:
        SettingsError: a variable can't be used.
    """
    mode = told.get(MODE, TRUSTED)
    if mode not in {TRUSTED, ANY}:
        raise SettingsError(f"{MODE} is '{mode[:20]}', expected {TRUSTED} or {ANY}")
    documents = told.get(DOCUMENTS)
    return GraphqlSettings(
        documents=None if documents is None else Path(documents), any_document=mode == ANY
    )
