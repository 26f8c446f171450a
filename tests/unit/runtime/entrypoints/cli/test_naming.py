"""A project or a member is named by id, or by the name that people use."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from runtime.entrypoints.cli.client import REFUSED, USAGE, CommandError
from runtime.entrypoints.cli.console import Api, Wish
from runtime.entrypoints.cli.naming import member_id, own_organization, project_id
from tests.servers.scripted_api import Scripted, answer, scripted_api

LETTERS = "01M8KYXF3V7H2542Y0SFMYARNN"
PROJECT, MEMBER = f"prj_{LETTERS}", f"mem_{LETTERS}"
MEMBERS = [
    {"id": "mem_1", "email": "ann@example.com", "display_name": "Ann"},
    {"id": "mem_2", "email": None, "display_name": "bot"},
    {"id": "mem_3", "email": None, "display_name": "bot"},
]


def asking(url: str) -> Api:
    """Return the API at an address."""
    return Api(Wish(url=url), {"PLANGATE_TOKEN": "t", "PLANGATE_FOLDER": "/nowhere"})


def a_list(items: Sequence[object]) -> Scripted:
    """Return a whole list."""
    return answer({"items": items, "next_cursor": None})


def test_an_id_is_taken_as_it_is() -> None:
    """Nothing is asked for it."""
    api = asking("http://127.0.0.1:1")

    assert project_id(api, PROJECT) == PROJECT
    assert member_id(api, MEMBER) == MEMBER


def test_a_project_is_found_by_its_name() -> None:
    """Its exact name."""
    projects = [{"id": "prj_1", "name": "demo"}, {"id": "prj_2", "name": "Demo"}]
    with scripted_api([a_list(projects)]) as api:
        assert project_id(asking(api.url), "Demo") == "prj_2"


@pytest.mark.parametrize("named", ["Ann", "ann@example.com", "Ann@Example.com"])
def test_a_member_is_found_by_address_or_name(named: str) -> None:
    """Addresses have no upper case."""
    with scripted_api([a_list(MEMBERS)]) as api:
        assert member_id(asking(api.url), named) == "mem_1"


def test_a_name_that_several_have_names_nobody() -> None:
    """The ids are there to choose from."""
    with scripted_api([a_list(MEMBERS)]) as api, pytest.raises(CommandError) as failed:
        member_id(asking(api.url), "bot")

    assert failed.value.exit_code == REFUSED
    assert str(failed.value) == "2 members are called 'bot'; name one by id: mem_2, mem_3"


def test_a_name_that_nobody_has_is_not_found() -> None:
    """As the platform would say of an id."""
    with scripted_api([a_list(MEMBERS)]) as api, pytest.raises(CommandError) as failed:
        member_id(asking(api.url), "x\x1b")

    assert failed.value.exit_code == REFUSED
    assert str(failed.value) == "not_found: no member 'x?' that you may see"


def test_without_a_demo_a_project_has_to_be_named() -> None:
    """Nothing is guessed."""
    with pytest.raises(CommandError) as failed:
        project_id(asking("http://127.0.0.1:1"), None)

    assert failed.value.exit_code == USAGE


def test_the_tokens_organization_is_asked_for() -> None:
    """It is never a parameter."""
    with scripted_api([answer({"organization": {"id": "org_1"}})]) as api:
        assert own_organization(asking(api.url)) == "org_1"
