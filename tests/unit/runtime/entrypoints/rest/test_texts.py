"""Texts of a request fit what is stored, or are refused with their place."""

from __future__ import annotations

from datetime import UTC

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from runtime.entrypoints.rest.texts import EmailText, InstantText, NameText, RoleText


class Said(BaseModel):
    """Take each kind of text."""

    name: NameText
    email: EmailText
    role: RoleText


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_an_instant_has_a_date_in_every_time_zone(year: str) -> None:
    """What UTC could not spell any more is refused; the years between are not."""
    adapter = TypeAdapter(InstantText)
    with pytest.raises(ValidationError, match="expected 2 to 9998"):
        adapter.validate_python(f"{year}-06-01T00:00:00Z")

    for told in ("0002-01-01T00:00:00+14:00", "9998-12-31T23:59:59-14:00"):
        assert adapter.validate_python(told).astimezone(UTC).tzinfo is UTC


def test_texts_are_brought_into_their_spelling() -> None:
    """And the schema says what fits."""
    said = Said.model_validate({"name": " Zoe\u0308 ", "email": "A@X", "role": "shift_lead"})

    assert said == Said(name="Zo\u00eb", email="a@x", role="shift_lead")
    schema = Said.model_json_schema()["properties"]
    assert (schema["name"]["maxLength"], schema["email"]["format"]) == (200, "email")


@pytest.mark.parametrize(
    ("field", "text"),
    [("name", "a\x00b"), ("name", ""), ("email", "nobody"), ("role", "Owner"), ("role", "a\n")],
)
def test_what_does_not_fit_is_refused_in_its_place(field: str, text: str) -> None:
    """With a sentence that says why."""
    fitting = {"name": "n", "email": "a@x", "role": "r"}

    with pytest.raises(ValidationError) as refused:
        Said.model_validate({**fitting, field: text})
    assert [error["loc"] for error in refused.value.errors()] == [(field,)]


def test_a_roles_name_is_short() -> None:
    """As long as a label of a database is."""
    role = TypeAdapter(RoleText)

    assert role.validate_python("r" * 63) == "r" * 63
    with pytest.raises(ValidationError):
        role.validate_python("r" * 64)
