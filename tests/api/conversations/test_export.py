"""Prove that an exported turn is a scenario that the harness takes and finds green."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import jsonschema_rs
import orjson
import pytest
from typing_extensions import override

from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject
from runtime.services.audit.recorder import Recorder
from runtime.services.context import Ids
from runtime.services.conversations.exporting import Exporting
from runtime.services.conversations.scenario import Foresees, Scene
from runtime.store.session import Database
from tests.api.conversations.test_turns import ONE_MORE, a_step
from tests.harness.command import eval_run, plangate
from tests.talking import Talk, a_talk, as_context, behaving, calls

ROOT = Path(__file__).parents[3]


async def exported(talk: Talk, turn: JsonObject, folder: Path) -> JsonObject:
    """Export a turn into a folder, and return its scenario."""
    answer = await talk.done(turn, "export")
    (folder / answer["filename"]).write_text(answer["yaml"])
    schema = orjson.loads((ROOT / "scenarios" / "schema.json").read_bytes())
    jsonschema_rs.validate(schema, answer["document"])
    (scenario,) = answer["document"]["scenarios"]
    return dict(scenario)


async def test_turns_become_scenarios_that_are_green(talk: Talk, tmp_path: Path) -> None:
    """Executed, edited, refused and asked back: all valid, and the oracle passes each."""
    folder = tmp_path / "scenarios"
    folder.mkdir()
    await talk.app.call(
        "PUT", f"{talk.project}/facts/usual_step", {"value": 2}, token=talk.who.token
    )
    executed = await talk.turn(ONE_MORE)
    await talk.done(executed, "execute")
    edited = await talk.turn(ONE_MORE)
    await talk.done(edited, "edit", plan={"steps": [a_step(4)]})
    refused = await talk.turn(calls(("counter_reset", {})))
    await talk.done(refused, "execute")
    asked = await talk.turn(behaving("unknown-tool"))

    first = await exported(talk, executed, folder)
    second = await exported(talk, edited, folder)
    third = await exported(talk, refused, folder)
    fourth = await exported(talk, asked, folder)
    valid = await asyncio.to_thread(plangate, "eval", "validate", folder, folder=tmp_path)
    run = await asyncio.to_thread(eval_run, folder, folder=tmp_path)

    assert first["given"]["facts"] == {"usual_step": 2}
    assert first["expect"]["plan"]["steps"] == [a_step(1)]
    assert second["expect"]["plan"]["steps"] == [a_step(4)]
    assert second["given"]["state"]["/counter"]["value"] == 1
    assert second["given"]["history"][0] == {"user": ONE_MORE}
    assert third["expect"]["refusal"] == {"code": "confirmation_required"}
    assert fourth["expect"] == {"clarification": {"asks_for": []}}
    assert valid.code == 0, valid.out + valid.err
    assert (run.code, run.json["models"][0]["overall"]["passed"]) == (0, 4), run.err


class Watched(Foresees):
    """Find no refusal, and remember whether the event loop was held up for it."""

    def __init__(self) -> None:
        """Have been asked nothing."""
        self.beside = False

    @override
    def refusal(self, scene: Scene) -> str | None:
        """Look where this is asked."""
        self.beside = threading.current_thread() is not threading.main_thread()
        return None


async def test_an_export_holds_up_nobody(talk: Talk) -> None:
    """Trying a plan and writing YAML take long: both are done beside the event loop."""
    turn = await talk.turn(ONE_MORE)
    database, ids = await Database.opened(talk.app.urls.app_url), Ids(SystemClock())
    services, watched = talk.app.app.state.services, Watched()
    exporting = Exporting(
        database=database,
        ids=ids,
        access=services.access,
        environments=services.environments,
        foresees=watched,
        recorder=Recorder(database, ids),
    )

    found = await exporting.export(
        as_context(talk.who), talk.project_id, talk.conversation, turn_id=turn["id"]
    )

    await database.close()
    assert watched.beside
    assert "counter.increment@1" in found["yaml"]


@pytest.mark.parametrize(("said", "verb"), [(ONE_MORE, "reject"), (behaving("broken-json"), None)])
async def test_a_turn_without_a_right_answer_is_no_scenario(
    talk: Talk, said: str, verb: str | None
) -> None:
    """Nobody said what would have been right."""
    turn = await talk.turn(said)
    if verb is not None:
        await talk.done(turn, verb)

    answer = await talk.call("POST", f"/{turn['id']}:export")

    assert (answer.status, answer.code) == (409, "wrong_time")


async def test_the_memory_actions_work_on_the_state(talk: Talk, tmp_path: Path) -> None:
    """What is remembered by an action is state, which all of the project see, and no fact."""
    memory = await a_talk(talk.app, talk.who, environment="memory")
    turn = await memory.turn(
        calls(("memory_remember", {"key": "favourite_tea", "value": "Earl Grey"}))
    )

    outcome = await memory.done(turn, "execute")

    facts = await talk.app.call("GET", f"{memory.project}/facts", token=talk.who.token)
    assert (outcome["status"], facts.json["items"]) == ("done", [])
