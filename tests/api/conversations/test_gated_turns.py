"""Where rules ask for a gate, a turn runs by the gate of the model that proposed it."""

from __future__ import annotations

from typing import Final

import orjson
import pytest_asyncio

from runtime.kit.json_value import JsonObject
from tests.gate_reports import ENVIRONMENT, a_report, checks_of
from tests.talking import Talk, calls

RULES: Final[JsonObject] = {
    "modules": [
        {
            "path": "rules.rego",
            "text": 'package tenant.project\n\nimport rego.v1\n\nobligations contains {"kind": '
            '"eval_gate"} if {\n\tinput.action.name == "counter.set"\n}\n',
        },
        {
            "path": "rules_test.rego",
            "text": "package tenant.project_test\n\nimport rego.v1\n\ntest_it if {\n\t"
            "count(data.tenant.project.obligations) == 1 with input as "
            '{"action": {"name": "counter.set"}}\n}\n',
        },
    ],
    "note": "first",
    "activate": True,
}
SET: Final = calls(("counter_set", {"value": 3}))


@pytest_asyncio.fixture
async def gated(talk: Talk) -> Talk:
    """Talk about a counter that is set by evaluated models only."""
    await talk.app.made(f"{talk.project}/policies", RULES, token=talk.who.token)
    return talk


async def passed(talk: Talk, turn: JsonObject, **changes: str) -> None:
    """Bring a passed gate about what proposed a turn, but for what changes."""
    of = {**turn["comparability"], **changes}
    await talk.app.made(
        f"/v1/organizations/{talk.who.organization}/gates",
        {
            "model": of["model"],
            "environment": ENVIRONMENT,
            "report": a_report(
                models=(of["model"],),
                checks=checks_of(of["model"]),
                registry=of["registry"],
                prompt=of["prompt"],
            ),
        },
        token=talk.who.token,
    )


async def test_a_turn_runs_by_the_gate_of_what_proposed_it(gated: Talk) -> None:
    """Model, prompt and registry as the turn shows them are what a gate has to name."""
    turn = await gated.turn(SET)
    before = await gated.done(turn, "execute")
    await passed(gated, turn)

    simulated = await gated.done(turn, "simulate")
    after = await gated.done(turn, "execute")

    assert before["steps"][0]["refusal"]["code"] == "gate_required"
    assert [simulated["status"], after["status"]] == ["done", "done"]
    assert (await gated.read(turn))["status"] == "executed"


async def test_the_gate_of_another_model_or_prompt_lets_nothing_run(gated: Talk) -> None:
    """A change of either takes an evaluation of its own."""
    turn = await gated.turn(SET)
    await passed(gated, turn, model="openai/another")
    await passed(gated, turn, prompt="1:sha256:" + "0" * 64)

    executed = await gated.done(turn, "execute")

    assert executed["steps"][0]["refusal"]["code"] == "gate_required"


async def test_what_a_person_wrote_runs_by_no_models_gate(gated: Talk) -> None:
    """An edited plan is not what was evaluated."""
    turn = await gated.turn(SET)
    await passed(gated, turn)
    edited = {"steps": [{"action": "counter.set", "inputs": {"value": 9_999}}]}
    await gated.done(turn, "edit", plan=edited)

    executed = await gated.done(turn, "execute")

    assert executed["steps"][0]["refusal"]["code"] == "gate_required"


async def test_a_turn_names_its_model_and_not_where_it_is_reached(gated: Talk) -> None:
    """Members and whoever hears of turns read no address of the operator's."""
    turn = await gated.turn(SET)
    token = gated.who.token
    told = await gated.app.call(
        "GET", f"{gated.project}/events", token=token, headers={"Accept": "application/json"}
    )

    assert turn["model"] == turn["comparability"]["model"] == "openai/as-told"
    for text in (orjson.dumps(turn), orjson.dumps(await gated.read(turn)), told.body):
        assert b"127.0.0.1" not in text
        assert b"api_base" not in text
