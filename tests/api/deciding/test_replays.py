"""Decisions can be asked again: by their own rules to the same answer, by others to see."""

from __future__ import annotations

from tests.api.deciding.uploads import LARGE, activated, modules
from tests.api.execution.conftest import Api, increment
from tests.database import FreshDatabase, session


async def some_history(api: Api) -> None:
    """Execute five plans of seven steps, one of them denied."""
    for by in (1, 3, 6):
        await api.execute(increment(by))
    await api.execute(increment(7), increment(8))
    await activated(api, LARGE)
    await api.execute(increment(9), increment(1))


async def test_other_rules_show_what_would_be_otherwise(api: Api) -> None:
    """Each question once, with how often and where it was asked."""
    await some_history(api)

    strict = await api.call(
        "POST",
        "{p}/policies:simulate",
        {"level": "organization", "modules": modules("organization", LARGE), "limit": 100},
    )
    loose = await api.call(
        "POST",
        "{p}/policies:simulate",
        {
            "level": "organization",
            "modules": modules("organization", 'obligations contains {"kind": "confirm"}'),
        },
    )

    assert strict.status == 200, strict.json
    assert (strict.json["decisions"], strict.json["newly_denied"]) == (6, 3)
    assert (strict.json["newly_allowed"], strict.json["changed"]) == (0, 0)
    flip = strict.json["flips"][0]
    assert flip["before"]["allow"]
    assert flip["after"]["reasons"][0]["message"] == "small steps only"
    assert flip["steps"][0]["index"] in {0, 1}
    assert (loose.json["newly_allowed"], loose.json["changed"]) == (1, 5)


async def test_only_the_newest_decisions_are_replayed_when_so_asked(api: Api) -> None:
    """The limit counts decisions."""
    await some_history(api)

    asked = await api.call(
        "POST",
        "{p}/policies:simulate",
        {"level": "project", "modules": modules("project", LARGE), "limit": 2},
    )

    assert asked.json["decisions"] == 2


async def test_rules_that_can_not_be_used_are_not_replayed(api: Api) -> None:
    """They are refused as an upload of them would be."""
    answered = await api.call(
        "POST",
        "{p}/policies:simulate",
        {"level": "organization", "modules": modules("organization", "deny := http.send({})")},
    )

    assert answered.status == 422


async def test_a_decision_shows_rules_question_and_answer(api: Api) -> None:
    """Whoever is told its name can look it up."""
    done = await api.execute(increment())
    name = done.json["steps"][0]["decision_id"]

    shown = await api.call("GET", f"{{p}}/decisions/{name}")
    unknown = await api.call("GET", "{p}/decisions/sha256:0")

    assert (shown.json["id"], shown.json["answer"]["allow"]) == (name, True)
    assert shown.json["input"]["action"]["id"] == "counter.increment@1"
    assert unknown.status == 404


async def test_decisions_come_out_as_they_are_recorded(api: Api, database: FreshDatabase) -> None:
    """Unless storage was tampered with, which is told."""
    await some_history(api)
    honest = await api.call("POST", "{p}/decisions:verify", {"limit": 100})
    async with session(database.urls.superuser_url) as superuser:
        await superuser.execute("set session_replication_role = replica")
        forged = await superuser.fetchval(
            "update policy_decisions set answer = replace(answer, '\"allow\":false', "
            "'\"allow\":true') where answer like '%\"allow\":false%' returning id"
        )
    tampered = await api.call("POST", "{p}/decisions:verify", {"limit": 100})

    assert (honest.json["decisions"] > 0, honest.json["unlike"]) == (True, [])
    assert tampered.json["unlike"] == [forged]
