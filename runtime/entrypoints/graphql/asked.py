"""Read what a request says: a document or its digest, and variables; identity is never among it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

MOST_NAME_LETTERS = 200


class AskedIn(BaseModel):
    """Hold the body of a request; one document at a time, so no list.

    Attributes:
        documentId: SHA-256 of a trusted document, lower hex.
        extensions: what clients send along; nothing of it is read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    query: str | None = None
    document_id: Annotated[str | None, Field(alias="documentId", max_length=64)] = None
    variables: dict[str, Any] | None = None
    operation_name: Annotated[
        str | None, Field(alias="operationName", max_length=MOST_NAME_LETTERS)
    ] = None
    extensions: dict[str, Any] | None = None
