"""What an organization and its projects add to the rules holds from the moment it is activated."""

from __future__ import annotations

import pytest

from tests.api.deciding.uploads import LARGE, activated, denial, policies_path
from tests.api.execution.conftest import Api, increment


async def test_rules_hold_from_their_activation_until_they_are_taken_back(api: Api) -> None:
    """The same plan is done, refused with the author's words, and done again."""
    before = await api.execute(increment(6))
    await activated(api, LARGE)
    refused, small = await api.execute(increment(6)), await api.execute(increment(5))
    path = await policies_path(api)
    ended = await api.call("POST", f"{path}:deactivate", {"reason": "too strict"})
    after = await api.execute(increment(6))

    assert [item.json["status"] for item in (before, refused, small, after)] == [
        "done", "refused", "done", "done",
    ]  # fmt: skip
    assert ended.status == 200
    refusal = refused.json["refusal"]
    assert (refusal["code"], refusal["expected"], refusal["remedy"]) == (
        "policy_denied", "small steps only", "take less",
    )  # fmt: skip


async def test_an_earlier_version_holds_again(api: Api) -> None:
    """Rolling back is activating it; versions never change."""
    await activated(api, LARGE)
    await activated(api, denial("input.inputs.by > 1", message="tiny steps only"))
    strict = await api.execute(increment(3))
    path = await policies_path(api)
    back = await api.call("POST", f"{path}/1:activate", {"reason": "back to the first"})

    loose = await api.execute(increment(3))

    assert (strict.json["status"], back.status, loose.json["status"]) == ("refused", 200, "done")


async def test_rules_of_a_project_bind_no_other(api: Api) -> None:
    """They come on top of those of the organization."""
    other = await api.call("POST", "/v1/projects", {"name": "second", "environment": "counter"})
    elsewhere = Api(app=api.app, token=api.token, project=other.json["id"])
    await activated(api, LARGE)
    await activated(api, denial("input.inputs.by == 2", message="no pairs"), project=api.project)

    answers = [
        (await where.execute(increment(by))).json["status"]
        for where in (api, elsewhere)
        for by in (1, 2, 6)
    ]

    assert answers == ["done", "refused", "refused", "done", "done", "refused"]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        pytest.param('{"kind": "cap_cost", "units": 0}', "cost_capped", id="a cap"),
        pytest.param('{"kind": "confirm"}', "confirmation_required", id="a confirmation"),
        pytest.param(
            '{"kind": "approve", "role": "safety"}', "approval_required", id="an approval"
        ),
    ],
)
async def test_rules_demand_more_than_the_declaration(api: Api, rule: str, code: str) -> None:
    """What is demanded is seen to by the engine."""
    await activated(api, f"obligations contains {rule}")

    refused = await api.execute(increment())

    assert refused.json["refusal"]["code"] == code


async def test_a_demanded_confirmation_can_be_given(api: Api) -> None:
    """By the digest that the refusal showed."""
    await activated(api, 'obligations contains {"kind": "confirm"}')
    refused = await api.execute(increment())

    done = await api.execute(increment(), confirm=refused.json["plan_digest"])

    assert done.json["status"] == "done"


async def test_what_rules_hide_is_in_no_record(api: Api) -> None:
    """Neither in the answer nor in what is stored."""
    await activated(api, 'obligations contains {"kind": "redact", "pointers": ["/by"]}')

    done = await api.execute(increment(4))
    stored = await api.call("GET", f"{{p}}/outcomes/{done.json['id']}")

    assert done.json["status"] == "done"
    assert stored.json["steps"][0]["inputs"] == {"by": "[redacted]"}


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param('deny := "everything"', id="a text"),
        pytest.param("deny contains 7", id="numbers"),
        pytest.param('obligations contains {"kind": "pray"}', id="a strange obligation"),
        pytest.param("roles contains 7", id="a role that is a number"),
    ],
)
async def test_rules_of_another_shape_deny_everything(api: Api, rule: str) -> None:
    """Passed over, they would allow what their author meant to deny."""
    await activated(api, rule)

    refused = await api.execute(increment())

    assert refused.json["status"] == "refused"
    assert refused.json["refusal"]["code"] in {"policy_denied", "policy_malformed"}


async def test_simulating_asks_the_same_rules(api: Api) -> None:
    """A dry run shows the refusal that an execution meets."""
    await activated(api, LARGE)

    simulated = await api.execute(increment(6), verb="simulate")
    executed = await api.execute(increment(6))

    assert simulated.json["refusal"] == executed.json["refusal"]
