"""Rules of an organization decide about executions from the commit on that activated them."""

from __future__ import annotations

from typing import Final

import pytest

from runtime.kit.json_value import JsonObject
from tests.api.execution.conftest import Api, increment

LEVELS: Final = ("organization", "project")


def some_rules(level: str, *, most: int) -> list[JsonObject]:
    """Build rules that let the counter move by so much at a time, with their test."""
    rules = (
        f"package tenant.{level}\n\nimport rego.v1\n\n"
        f'deny contains {{"message": "at most {most} at a time", "remedy": "move it less"}} if {{\n'
        '\tinput.action.name == "counter.increment"\n'
        f"\tinput.inputs.by > {most}\n}}\n"
    )
    test = (
        f"package tenant.{level}_test\n\nimport rego.v1\n\n"
        "test_more_is_denied if {\n"
        f"\tcount(data.tenant.{level}.deny) == 1 with input as {{\n"
        f'\t\t"action": {{"name": "counter.increment"}},\n\t\t"inputs": {{"by": {most + 1}}},\n'
        "\t}\n}\n"
    )
    return [{"path": "counter.rego", "text": rules}, {"path": "counter_test.rego", "text": test}]


async def place_of(api: Api, level: str) -> str:
    """Return where the rules of a level are."""
    if level == "project":
        return "{p}/policies"
    me = await api.call("GET", "/v1/me")
    return f"/v1/organizations/{me.json['organization']['id']}/policies"


async def refusal_of(api: Api, by: int, *, verb: str = "execute") -> str | None:
    """Move the counter, and return what policy expected instead, if it refused."""
    outcome = (await api.execute(increment(by), verb=verb)).json
    if outcome["refusal"] is None:
        return None
    refusal = outcome["refusal"]
    assert refusal["code"] == "policy_denied", refusal
    return str(refusal["expected"])


@pytest.mark.parametrize("level", LEVELS)
async def test_what_is_activated_decides(api: Api, level: str) -> None:
    """An upload does not yet; an activation, its replacement, the way back and the end of it do."""
    place = await place_of(api, level)
    body = {"modules": some_rules(level, most=5), "note": "five"}
    found = [await refusal_of(api, 9)]

    uploaded = await api.call("POST", place, body)
    found.append(await refusal_of(api, 9))
    await api.call("POST", f"{place}/1:activate", {"reason": "try it"})
    found += [await refusal_of(api, 9), await refusal_of(api, 9, verb="simulate")]
    found.append(await refusal_of(api, 5))
    looser = {"modules": some_rules(level, most=10), "note": "ten", "activate": True}
    await api.call("POST", place, looser)
    found += [await refusal_of(api, 9), await refusal_of(api, 11)]
    await api.call("POST", f"{place}/1:activate", {"reason": "back"})
    found.append(await refusal_of(api, 9))
    await api.call("POST", f"{place}:deactivate", {"reason": "enough"})
    found.append(await refusal_of(api, 9))

    five, ten = "at most 5 at a time", "at most 10 at a time"
    assert uploaded.status == 201, uploaded.body
    assert found == [None, None, five, five, None, None, ten, five, None]


async def test_rules_of_one_project_are_not_another_s(api: Api) -> None:
    """Those of the organization hold in both, and both sets deny."""
    made = await api.call("POST", "/v1/projects", {"name": "other", "environment": "counter"})
    other = Api(app=api.app, token=api.token, project=made.json["id"])
    everywhere = {"modules": some_rules("organization", most=10), "note": "x", "activate": True}
    here = {"modules": some_rules("project", most=5), "note": "x", "activate": True}
    await api.call("POST", await place_of(api, "organization"), everywhere)
    await api.call("POST", await place_of(api, "project"), here)

    assert await refusal_of(api, 7) == "at most 5 at a time"
    assert await refusal_of(other, 7) is None
    assert await refusal_of(other, 11) == "at most 10 at a time"
