"""Hold the documents that may be executed: those of a file, or any where the platform says so."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from graphql import GraphQLSchema

from runtime.entrypoints.graphql.asked import AskedIn
from runtime.entrypoints.graphql.checking import checked
from runtime.entrypoints.graphql.limits import ReadDocument
from runtime.entrypoints.graphql.refusals import DocumentRefusedError, Reason
from runtime.kit.canonical_json import CanonicalJsonError
from runtime.kit.json_value import JsonValue
from runtime.kit.strict_json import read_strictly
from runtime.settings import SettingsError
from runtime.settings.graphql import DOCUMENTS, MODE

MOST_DOCUMENTS: Final = 2_000
MOST_FILE_BYTES: Final = 5_000_000


class Documents:
    """Find and check the document of each request; trusted ones are checked once.

    Attributes:
        any_document: others than trusted ones may be executed, and the schema asked for.
    """

    def __init__(
        self, schema: GraphQLSchema, trusted: Mapping[str, str], *, any_document: bool
    ) -> None:
        """Take trusted documents by their digests."""
        self.any_document = any_document
        self._schema = schema
        self._trusted = trusted
        self._checked: dict[str, ReadDocument] = {}

    def document_of(self, asked: AskedIn) -> ReadDocument:
        """Return the document of a request, which fits the schema and its limits.

        Raises:
            DocumentRefusedError: it is not trusted, or does not fit.
        """
        digest = asked.document_id or _digest(asked.query or "")
        if digest in self._checked:
            read = self._checked[digest]
        elif digest in self._trusted:
            read = self._check(self._trusted[digest])
            self._checked[digest] = read
        else:
            read = self._check(self._untrusted(asked))
        _refuse_other_name(read, asked.operation_name)
        return read

    def _untrusted(self, asked: AskedIn) -> str:
        if self.any_document and asked.document_id is None and asked.query:
            return asked.query
        if asked.document_id is not None:
            detail = "no trusted document has this documentId"
        elif not asked.query:
            detail = "there is neither a query nor a documentId, expected one of them"
        else:
            detail = (
                f"this document is not trusted; register it in the file of {DOCUMENTS} and send "
                f"its SHA-256 as documentId ({MODE}=any executes every document, in development)"
            )
        raise DocumentRefusedError(Reason.NOT_TRUSTED, detail)

    def _check(self, text: str) -> ReadDocument:
        return checked(self._schema, text, introspection=self.any_document)


def read_trusted(path: Path | None) -> Mapping[str, str]:
    """Return the trusted documents of a file: an object of texts by their SHA-256.

    Raises:
        SettingsError: the file can't be read, or a digest is not that of its text.
    """
    if path is None:
        return {}
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{DOCUMENTS}: the file can't be read: {error.strerror}") from None
    if len(content) > MOST_FILE_BYTES:
        raise SettingsError(f"{DOCUMENTS}: the file has more than {MOST_FILE_BYTES} bytes")
    try:
        return _texts(read_strictly(content))
    except CanonicalJsonError as error:
        raise SettingsError(f"{DOCUMENTS}: the file is no JSON: {error}") from None


def _texts(found: JsonValue) -> Mapping[str, str]:
    if not isinstance(found, dict) or len(found) > MOST_DOCUMENTS:
        raise SettingsError(
            f"{DOCUMENTS}: expected an object of up to {MOST_DOCUMENTS} documents by SHA-256"
        )
    for digest, text in found.items():
        if not isinstance(text, str) or _digest(text) != digest:
            raise SettingsError(
                f"{DOCUMENTS}: '{digest[:64]}' is not the SHA-256 of its document, lower hex"
            )
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _refuse_other_name(read: ReadDocument, wanted: str | None) -> None:
    name = None if read.operation.name is None else read.operation.name.value
    if wanted is not None and wanted != name:
        raise DocumentRefusedError(
            Reason.SEVERAL_OPERATIONS, "operationName names another operation than the document's"
        )
