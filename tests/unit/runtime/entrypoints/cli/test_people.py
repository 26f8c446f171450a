"""Members are called by what tells one from another, as far as the token sees them."""

from __future__ import annotations

import pytest

from runtime.entrypoints.cli.client import UNREACHABLE, CommandError
from runtime.entrypoints.cli.console import Api, Wish
from runtime.entrypoints.cli.people import People
from tests.servers.scripted_api import answer, problem, scripted_api

ANN = {"id": "mem_1", "email": "ann@example.com", "display_name": "Ann"}
BOT = {"id": "mem_2", "email": None, "display_name": "bot"}
SELF = {"id": "mem_3", "email": "bea@example.com", "display_name": "bea@example.com"}


def of(url: str) -> People:
    """Return who looks members up at an address."""
    return People(Api(Wish(url=url), {"PLANGATE_TOKEN": "t", "PLANGATE_FOLDER": "/nowhere"}))


def test_an_address_is_enough_where_there_is_one() -> None:
    """Anybody can call themselves anything; a name without one comes with its id."""
    with scripted_api([answer(ANN), answer(BOT)]) as api:
        people = of(api.url)
        assert people.short("mem_1") == "ann@example.com"
        assert people.short("mem_2") == "bot (mem_2)"


def test_the_whole_is_all_that_is_known() -> None:
    """What is the same twice is told once."""
    with scripted_api([answer(ANN), answer(BOT), answer(SELF)]) as api:
        people = of(api.url)
        assert people.whole("mem_1") == "Ann, ann@example.com, mem_1"
        assert people.whole("mem_2") == "bot, mem_2"
        assert people.whole("mem_3") == "bea@example.com, mem_3"


def test_each_is_asked_for_once() -> None:
    """However often they are named."""
    with scripted_api([answer(ANN)]) as api:
        people = of(api.url)
        told = [people.short("mem_1"), people.whole("mem_1"), people.short("mem_1")]

    assert told[0] == told[2] == "ann@example.com"
    assert [item.target for item in api.asked] == ["/v1/members/mem_1"]


def test_a_token_that_may_not_see_members_tells_ids() -> None:
    """One that was not made for it may approve as well; it asks no second time."""
    with scripted_api([problem(403, "not_allowed", "no"), answer(BOT)]) as api:
        people = of(api.url)
        assert (people.short("mem_1"), people.whole("mem_2")) == ("mem_1", "mem_2")


def test_who_is_not_there_is_an_id() -> None:
    """Others are looked up still."""
    with scripted_api([problem(404, "not_found", "no"), answer(ANN)]) as api:
        people = of(api.url)
        assert (people.short("mem_9"), people.whole("mem_9")) == ("mem_9", "mem_9")
        assert people.short("mem_1") == "ann@example.com"


def test_another_failure_is_one() -> None:
    """It is not taken for a member who can't be seen."""
    with (
        scripted_api([problem(500, "internal", "broken")]) as api,
        pytest.raises(CommandError, match="internal") as caught,
    ):
        of(api.url).short("mem_1")

    assert caught.value.exit_code == UNREACHABLE
