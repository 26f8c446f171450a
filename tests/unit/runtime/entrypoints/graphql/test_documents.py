"""Trusted documents are read once, and a file that is not what it says ends the start."""

from __future__ import annotations

import hashlib
from pathlib import Path

import orjson
import pytest

from runtime.entrypoints.graphql.asked import AskedIn
from runtime.entrypoints.graphql.documents import MOST_FILE_BYTES, Documents, read_trusted
from runtime.entrypoints.graphql.refusals import DocumentRefusedError, Reason
from runtime.entrypoints.graphql.schema import SCHEMA
from runtime.settings import SettingsError

ME = "{ me { member { id } } }"
DIGEST = hashlib.sha256(ME.encode()).hexdigest()


def test_a_file_of_documents_is_read_by_digest(tmp_path: Path) -> None:
    """And none is read where none is named."""
    path = tmp_path / "documents.json"
    path.write_bytes(orjson.dumps({DIGEST: ME}))

    assert read_trusted(path) == {DIGEST: ME}
    assert read_trusted(None) == {}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"a": "b"}', id="another digest"),
        pytest.param(orjson.dumps({DIGEST.upper(): ME}), id="upper case"),
        pytest.param(orjson.dumps({DIGEST: 1}), id="no text"),
        pytest.param(b'{"a": "b", "a": "c"}', id="a key twice"),
        pytest.param(orjson.dumps(dict.fromkeys(map(str, range(2_001)), "")), id="too many"),
        pytest.param(b" " * (MOST_FILE_BYTES + 1), id="too large"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(tmp_path: Path, content: bytes) -> None:
    """The message names the variable."""
    path = tmp_path / "documents.json"
    path.write_bytes(content)

    with pytest.raises(SettingsError, match="PLANGATE_GRAPHQL_DOCUMENTS"):
        read_trusted(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Rather than served without."""
    with pytest.raises(SettingsError, match="No such file"):
        read_trusted(tmp_path / "none.json")


def test_a_trusted_document_is_checked_once() -> None:
    """Its second use is the very document of the first."""
    documents = Documents(SCHEMA, {DIGEST: ME}, any_document=False)

    first = documents.document_of(AskedIn(document_id=DIGEST))
    second = documents.document_of(AskedIn(query=ME))

    assert first is second


def test_any_document_is_executed_where_that_is_said() -> None:
    """With the schema told; a digest still has to be that of a trusted one."""
    documents = Documents(SCHEMA, {}, any_document=True)

    documents.document_of(AskedIn(query="{ __schema { queryType { name } } }"))
    with pytest.raises(DocumentRefusedError) as unknown:
        documents.document_of(AskedIn(query=ME, document_id=DIGEST))
    with pytest.raises(DocumentRefusedError) as nothing:
        documents.document_of(AskedIn())

    assert (unknown.value.reason, nothing.value.reason) == (Reason.NOT_TRUSTED,) * 2
