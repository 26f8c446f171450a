"""Prove where the functions of conversations come from."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from harness.importing.bfcl_documents import Documents, involved, names_at, without
from harness.importing.unusable import UnusableError
from runtime.public import JsonValue

ADD = {"name": "add"}
LOG = {"name": "log"}


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    """Write the document of one class, and a broken one."""
    (tmp_path / "math_api.json").write_bytes(orjson.dumps(ADD) + b"\n\n" + orjson.dumps(LOG))
    (tmp_path / "ticket_api.json").write_bytes(b'{"name": ')
    return Documents(tmp_path)


def test_functions_come_in_the_documents_order(documents: Documents) -> None:
    """A class that is named twice brings its functions twice; empty lines bring none."""
    assert documents.functions(["MathAPI"]) == [ADD, LOG]
    assert documents.functions(["MathAPI", "MathAPI"]) == [ADD, LOG, ADD, LOG]


def test_document_is_read_once(documents: Documents, tmp_path: Path) -> None:
    """Two hundred conversations share a few documents."""
    first = documents.functions(["MathAPI"])
    (tmp_path / "math_api.json").unlink()

    assert documents.functions(["MathAPI"]) == first


@pytest.mark.parametrize(
    ("classes", "why"),
    [
        pytest.param(None, "'involved_classes' are null", id="no classes"),
        pytest.param([], "'involved_classes' are", id="an empty list"),
        pytest.param(["Kitchen"], 'class "Kitchen", known are GorillaFileSystem', id="unknown"),
        pytest.param([3], "class 3, known are", id="a number"),
        pytest.param(["MessageAPI"], "message_api.json can't be read: No such", id="no document"),
        pytest.param(["TicketAPI"], "ticket_api.json is not JSON.*download", id="a broken one"),
    ],
)
def test_functions_that_can_not_be_found_are_named(
    documents: Documents, classes: JsonValue, why: str
) -> None:
    """The message names the class or the document."""
    with pytest.raises(UnusableError, match=why):
        documents.functions(classes)


def test_missing_folder_is_named() -> None:
    """The message says what to put where."""
    with pytest.raises(UnusableError, match=r"multi_turn_func_doc/math_api\.json: put that folder"):
        Documents(None).functions(["MathAPI"])


def test_own_functions_outweigh_classes_and_excluded_ones_are_left_out(
    documents: Documents,
) -> None:
    """A conversation may bring its list, and may rule some functions out."""
    classes = {"involved_classes": ["MathAPI"]}

    assert involved({**classes, "function": [LOG]}, documents) == [LOG]
    assert involved({**classes, "excluded_function": ["add"]}, documents) == [LOG]
    assert without([ADD, "odd", {}], frozenset({"add"})) == ["odd", {}]


def test_held_back_functions_are_read_by_turn() -> None:
    """Most conversations hold nothing back."""
    assert names_at({"3": ["sort", "cp"]}) == {3: {"sort", "cp"}}
    assert names_at(None) == {}


@pytest.mark.parametrize("held_back", [["sort"], {"x": ["sort"]}, {"3": 5}])
def test_held_back_functions_of_another_form_are_refused(held_back: JsonValue) -> None:
    """Offering what should be missing would turn the case around."""
    with pytest.raises(UnusableError, match="expected names by turn"):
        names_at(held_back)
