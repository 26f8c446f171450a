"""Prove what an import makes of a file of tasks and a policy."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from harness.importing.imported import Imported
from harness.importing.tau2 import import_tau2
from harness.loader import load
from harness.prepared import prepare
from harness.scenario import Scenario
from harness.yaml_source import SourceError
from runtime.public import JsonObject, JsonValue, digest_bytes

LEND: JsonObject = {"name": "lend_book", "arguments": {"copy_id": "c_1"}}
LOOK: JsonObject = {"name": "get_reader", "arguments": {"reader_id": "r_1"}}


def a_task(
    name: str, *actions: JsonObject, domain: str = "library", **more: JsonValue
) -> JsonObject:
    """Build a task."""
    told = {"domain": domain, "reason_for_call": "You want a book.", "known_info": None}
    return {
        "id": name,
        "user_scenario": {"instructions": told},
        "evaluation_criteria": {"actions": list(actions), "reward_basis": ["DB"]},
        **more,
    }


def an_import(
    folder: Path, *tasks: JsonObject, name: str = "tasks.json", policy: str = ""
) -> Imported:
    """Write tasks and a policy, and import them."""
    file, rules = folder / name, folder / "policy.md"
    file.write_bytes(orjson.dumps(list(tasks), option=orjson.OPT_INDENT_2))
    rules.write_text(policy, encoding="utf-8")
    return import_tau2(file, rules if policy else None, check=prepare)


def read_back(imported: Imported, folder: Path) -> list[Scenario]:
    """Write the files and load them."""
    folder.mkdir()
    for name, content in imported.files.items():
        (folder / name).write_bytes(content)
    return list(load([folder], root=folder).scenarios)


def test_scenarios_keep_their_origin(tmp_path: Path) -> None:
    """Environment and scenarios say where they came from, without any folder."""
    purpose = {"purpose": "Lend\n the book that is there."}
    imported = an_import(tmp_path, a_task("3", LOOK, LEND, description=purpose), policy="Lend!")

    (scenario,) = read_back(imported, tmp_path / "out")
    text = b"".join(imported.files.values()).decode()
    assert (imported.entries, imported.scenarios, imported.problems) == (1, 1, ())
    assert (scenario.id, scenario.environment) == ("tau2-library-3", "tau2_library")
    assert scenario.reason == "Lend the book that is there."
    assert scenario.tags == ("tau2", "tau2_library", "single")
    assert "description: Lend!\n" in text
    assert "task: '3'\n    file: tasks.json\n    line: 2\n    commit: unknown\n" in text
    assert digest_bytes((tmp_path / "tasks.json").read_bytes()).removeprefix("sha256:") in text
    assert str(tmp_path) not in text


def test_tools_are_those_of_all_tasks(tmp_path: Path) -> None:
    """Each task is offered every tool that any task calls."""
    imported = an_import(tmp_path, a_task("0", LOOK), a_task("1", LEND), a_task("2", LEND, LEND))

    first, second, third = read_back(imported, tmp_path / "out")
    assert first.expect.never == ("call.lend_book@1",)
    assert second.expect.plans[0].mode == "unordered"
    assert third.expect.plans[0].mode == "graph"
    assert [item.tags[-1] for item in (first, second, third)] == ["forbidden", "single", "chain"]
    assert [item.reason.partition(" ")[0] for item in (first, second)] == ["Nothing", "The"]
    assert b"Do what the person asks" in imported.files["tau2_library.environment.yaml"]


@pytest.mark.parametrize(
    ("file", "domain", "name"),
    [
        pytest.param("tasks.json", "library", "tau2_library", id="as published"),
        pytest.param("library_tasks.json", "library", "tau2_library", id="with its domain"),
        pytest.param("tasks_small.json", "library", "tau2_library_small", id="a selection"),
        pytest.param("tasks.json", "Town Hall", "tau2_town_hall", id="two words"),
    ],
)
def test_environment_is_named_after_the_domain(
    tmp_path: Path, file: str, domain: str, name: str
) -> None:
    """Two files of one domain do not replace each other."""
    assert an_import(tmp_path, a_task("0", LEND, domain=domain), name=file).name == name


def test_without_a_domain_the_folder_names_the_environment(tmp_path: Path) -> None:
    """As published, the folder is the domain's."""
    folder = tmp_path / "retail"
    folder.mkdir()
    plain = a_task("0", LEND, user_scenario={"instructions": "Ask for a book."})

    assert an_import(folder, plain).name == "tau2_retail"


def test_said_before_is_given(tmp_path: Path) -> None:
    """A task that begins within a conversation keeps it."""
    said = {"message_history": [{"role": "user", "content": "Hi."}]}

    (scenario,) = read_back(
        an_import(tmp_path, a_task("0", LEND, initial_state=said)), tmp_path / "out"
    )

    assert [turn.user for turn in scenario.given.history] == ["Hi."]


def test_unusable_tasks_are_named_and_the_rest_is_imported(tmp_path: Path) -> None:
    """Each problem has the line on which its task begins."""
    odd: JsonObject = {"id": "1", "evaluation_criteria": 3}
    user = a_task("2", {**LOOK, "requestor": "user"})
    huge = a_task("3", {**LEND, "arguments": {"copy_id": 2**60}})

    imported = an_import(tmp_path, a_task("0-0", LEND), odd, user, huge, a_task("0_0", LEND))

    said = [item.message.partition(":")[0] for item in imported.problems]
    assert (imported.scenarios, imported.entries) == (1, 5)
    assert said == ["task 1", "task 2", "task 3", "task 0_0"]
    assert "is taken by '0-0'" in imported.problems[3].message
    assert len({item.line for item in imported.problems}) == 4


def test_prose_that_is_not_compared_is_counted_as_mended(tmp_path: Path) -> None:
    """Whoever compares with published figures must know what differs."""
    prose = {"name": "write_note", "arguments": {"text": "one two three four five six seven eight"}}

    assert an_import(tmp_path, a_task("0", prose)).mended == 1


def test_policy_that_can_not_be_read_is_refused(tmp_path: Path) -> None:
    """A mistyped name must not leave the agent without rules."""
    (tmp_path / "tasks.json").write_text("[]", encoding="utf-8")

    with pytest.raises(SourceError, match=r"none\.md:1: can't be read"):
        import_tau2(tmp_path / "tasks.json", tmp_path / "none.md", check=prepare)


def test_long_ids_are_cut(tmp_path: Path) -> None:
    """Some tasks are named with a hundred words."""
    (scenario,) = read_back(an_import(tmp_path, a_task("[a]" * 99, LEND)), tmp_path / "out")

    assert scenario.id.startswith("tau2-library-a-a-")
    assert len(scenario.id) <= 100
