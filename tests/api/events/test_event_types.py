"""Programs learn from the API which events there are."""

from __future__ import annotations

import jsonschema_rs

from runtime.domain.event_catalogue import EVENT_TYPES
from tests.api.execution.conftest import Api


async def test_all_types_are_listed(api: Api) -> None:
    """The list is the catalogue, with examples that fit their schemas."""
    listed = await api.call("GET", "/v1/event-types")

    assert listed.status == 200
    assert [item["name"] for item in listed.json["items"]] == list(EVENT_TYPES)
    for item in listed.json["items"]:
        assert jsonschema_rs.is_valid(item["data_schema"], item["example"])


async def test_one_type_is_described(api: Api) -> None:
    """A type says what happened, where, and what it takes to follow it."""
    found = (await api.call("GET", "/v1/event-types/limit.reached")).json

    assert (found["reach"], found["scope"], found["version"]) == ("project", "outcomes:read", 1)


async def test_an_unknown_type_is_not_found(api: Api) -> None:
    """What nobody knows is nowhere."""
    refused = await api.call("GET", "/v1/event-types/plan.dreamt")

    assert (refused.status, refused.code) == (404, "not_found")
