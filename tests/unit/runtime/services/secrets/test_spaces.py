"""Tests of which references an organization may name."""

from __future__ import annotations

import orjson
import pytest

from runtime.domain.errors import SecretDeniedError
from runtime.domain.secret_reference import SecretReferenceError, read_reference
from runtime.services.secrets.prefixes import read_prefix
from runtime.services.secrets.spaces import SecretSpacesError, read_spaces
from tests.secret_keeping import ORGANIZATION, OTHER


def spaces(*prefixes: str, **others: list[str]) -> str:
    """Return the variable with an organization's prefixes."""
    return orjson.dumps({ORGANIZATION: list(prefixes), **others}).decode()


@pytest.mark.parametrize(
    ("prefix", "reference", "admitted"),
    [
        ("vault://kv/shop/", "vault://kv/shop/crm#token", True),
        ("vault://kv/shop/", "vault://kv/shop/a/b/c", True),
        ("vault://kv/shop/", "vault://kv/shop", False),
        ("vault://kv/shop/", "vault://kv/shopping/crm", False),
        ("vault://kv/shop/", "vault://kv2/shop/crm", False),
        ("vault://kv/shop/", "vault://x/kv/shop/crm", False),
        ("vault://kv/shop/", "vault://kv/Shop/crm", False),
        ("vault://kv/shop/crm", "vault://kv/shop/crm?version=2#token", True),
        ("vault://kv/shop/crm", "vault://kv/shop/crm2", False),
        ("vault://kv/shop/crm", "vault://kv/shop/crm/x", False),
        ("awssm://shop/", "awssm://shop/crm", True),
        ("awssm://shop/", "vault://shop/crm", False),
        ("awssm://shop/", "awssm://arn:aws:secretsmanager:eu-west-1:1:secret:shop/crm", False),
        ("gcpsm://acme/", "gcpsm://acme/crm", True),
        ("gcpsm://acme/", "gcpsm://acme2/crm", False),
        ("file:///run/secrets/shop/", "file:///run/secrets/shop/crm", True),
        ("file:///run/secrets/shop/", "file:///run/secrets/crm", False),
    ],
)
def test_a_reference_is_admitted_where_a_prefix_covers_it(
    prefix: str,
    reference: str,
    admitted: bool,  # noqa: FBT001  # a table
) -> None:
    """By whole parts of the path, and by one spelling."""
    known = read_spaces(spaces(prefix))
    known.admit(None, read_reference(reference))
    if admitted:
        known.admit(ORGANIZATION, read_reference(reference))
        return
    with pytest.raises(SecretDeniedError, match="outside of the space"):
        known.admit(ORGANIZATION, read_reference(reference))


def test_a_place_has_no_stage() -> None:
    """A stage may end in a slash: it would make a place of half a name."""
    for text in ("awssm://shop/crm?stage=a/", "awssm://max?stage=b/"):
        with pytest.raises(SecretReferenceError, match="no stage"):
            read_prefix(text)


@pytest.mark.parametrize("organization", [OTHER, "", "org", ORGANIZATION.lower()])
def test_an_organization_without_a_space_may_name_nothing(organization: str) -> None:
    """Whoever is not listed has no secrets."""
    known = read_spaces(spaces("vault://kv/shop/"))
    with pytest.raises(SecretDeniedError):
        known.admit(organization, read_reference("vault://kv/shop/crm"))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("vault", id="no JSON"),
        pytest.param('{"acme": ["vault://kv/"]}', id="no id"),
        pytest.param(spaces("hunter2"), id="no reference"),
        pytest.param(spaces("vault://"), id="all of a keeper"),
        pytest.param(spaces("awssm://"), id="all of another keeper"),
        pytest.param(spaces("file:///"), id="all files"),
        pytest.param(spaces("env://"), id="all variables"),
        pytest.param(spaces("vault://kv/../"), id="a way up"),
        pytest.param(spaces("vault://kv//shop/"), id="an empty part"),
        pytest.param(spaces("vault://kv/%2e%2e/"), id="an escaped way up"),
        pytest.param(spaces("vault://kv/\uff53hop/"), id="another alphabet"),
        pytest.param(spaces("vault://kv/shop/#token/"), id="a field of a place"),
        pytest.param(spaces("vault://kv/a?stage=b/"), id="a stage of a place"),
        pytest.param(
            spaces("vault://kv/", **{OTHER: ["vault://kv/shop/"]}), id="one within another's"
        ),
        pytest.param(spaces("vault://kv/a", **{OTHER: ["vault://kv/a"]}), id="one of two"),
    ],
)
def test_spaces_that_can_not_be_told_apart_are_refused(text: str) -> None:
    """A wrong setting is found at the start."""
    with pytest.raises(SecretSpacesError) as raised:
        read_spaces(text)
    assert "hunter2" not in str(raised.value)


def test_an_organization_may_have_places_within_places() -> None:
    """They are all its own."""
    read_spaces(spaces("vault://kv/", "vault://kv/shop/", "vault://kv/shop/crm"))


@pytest.mark.parametrize(
    ("told", "touched"),
    [
        ("vault://kv/shop/crm", [ORGANIZATION]),
        ("vault://kv/", [ORGANIZATION, OTHER]),
        ("vault://kv/shop/crm/", [ORGANIZATION]),
        ("vault://kv/mail", [OTHER]),
        ("vault://kv/mail/", []),
        ("vault://kw/", []),
        ("awssm://kv/shop/crm", []),
    ],
)
def test_a_rotation_touches_those_who_may_name_a_part_of_it(told: str, touched: list[str]) -> None:
    """Whoever's secret it may be hears of it, and nobody else."""
    known = read_spaces(spaces("vault://kv/shop/", **{OTHER: ["vault://kv/mail"]}))
    assert list(known.touched(read_prefix(told))) == touched


@pytest.mark.parametrize("text", ["", "vault", "vault://", "file:///", "x/", "env:///"])
def test_what_is_neither_a_reference_nor_a_place_is_refused(text: str) -> None:
    """Nothing of it is repeated."""
    with pytest.raises(SecretReferenceError):
        read_prefix(text)


def test_a_prefix_is_written_as_it_was_read() -> None:
    """But for fields and versions, which one word is about all of."""
    assert read_prefix("vault://kv/shop/").text() == "vault://kv/shop/"
    assert read_prefix("vault://kv/shop?version=2#x").text() == "vault://kv/shop"
