"""Import the tasks of τ²-bench as scenarios.

`harness.cli.importing` calls it and says how it went. The benchmark's tools and database are Python
code and data of its own; the environment is inferred from the calls that all tasks of a file make.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from harness.importing.actions import Catalogue, Function
from harness.importing.files import environment_file, scenario_files
from harness.importing.imported import Check, Imported, Proof
from harness.importing.tau2_scenario import (
    expected,
    history_of,
    kept,
    message_of,
    notes,
    required_calls,
)
from harness.importing.tau2_tasks import Task, Tasks, read_tasks, read_text
from harness.importing.tau2_tools import inferred_tools
from harness.importing.unusable import UnusableError
from harness.yaml_source import Problem
from runtime.public import CanonicalJsonError, JsonObject

BENCHMARK: Final = "τ²-bench"
LICENCE: Final = "The tasks and policies are published under MIT; keep that notice with copies."
WITHOUT_POLICY: Final = (
    "Do what the person asks with the tools on offer. Say no where that is not possible, and ask "
    "for what only the person can know."
)
LONGEST_ID: Final = 100
_OTHER: Final = re.compile(r"[^a-z0-9]+")


def import_tau2(path: Path, policy: Path | None, *, check: Check) -> Imported:
    """Turn a file of tasks and a policy into an environment and scenarios.

    Raises:
        SourceError: a file can't be read or is no list of tasks.
        OutputError: what came of it is too large.
    """
    tasks = read_tasks(path)
    rules = read_text(policy).strip() if policy is not None else ""
    work = _Import(tasks, path.parent.name, rules=rules, check=check)
    problems = work.run()
    return Imported(
        name=work.name,
        files=work.files() if work.scenarios else {},
        entries=len(tasks.tasks),
        scenarios=len(work.scenarios),
        mended=sum("mended" in item["provenance"] for item in work.scenarios),
        problems=tuple(problems),
    )


def environment_name(tasks: Tasks, folder: str) -> str:
    """Return the environment's id: the domain that the tasks name, and what else the file does."""
    domain = next(filter(None, map(_domain, tasks.tasks)), "") or folder
    words = _OTHER.sub("_", domain.lower()).strip("_") or "tasks"
    stem = _OTHER.sub("_", Path(tasks.name).stem.lower()).strip("_")
    rest = "_".join(word for word in stem.split("_") if word not in {"tasks", *words.split("_")})
    return f"tau2_{words}_{rest}" if rest else f"tau2_{words}"


def _domain(task: Task) -> str:
    scenario = task.content.get("user_scenario")
    told = scenario.get("instructions") if isinstance(scenario, dict) else None
    return str(told.get("domain") or "") if isinstance(told, dict) else ""


class _Import:
    """Collect the usable tasks of one file."""

    def __init__(self, tasks: Tasks, folder: str, *, rules: str, check: Check) -> None:
        self.name = environment_name(tasks, folder)
        self.scenarios: list[JsonObject] = []
        self._tasks = tasks
        self._rules = rules
        self._tools = inferred_tools(call for task in tasks.tasks for call in task.calls)
        catalogue = Catalogue()
        self._ids = catalogue.ids(self._tools.values())
        catalogue.keep(self._tools.values())
        self._actions = catalogue.actions()
        self._proof = Proof(self._head([]), check=check)
        self._taken: dict[str, str] = {}

    def run(self) -> list[Problem]:
        """Import each task, and return why some were not."""
        problems: list[Problem] = []
        for task in self._tasks.tasks:
            try:
                self._add(task)
            except (UnusableError, CanonicalJsonError) as error:
                problems.append(self._tasks.problem(task, str(error)))
        return problems

    def files(self) -> dict[str, bytes]:
        """Return the files to write."""
        source = self._tasks.name
        head: JsonObject = {"environment": self.name, "tags": ["tau2", self.name[:60]]}
        return {
            **environment_file(self.name, self._head(self._actions), source=source),
            **scenario_files(self.name, head, self.scenarios, source=source),
        }

    def _add(self, task: Task) -> None:
        if task.problem:
            raise UnusableError(task.problem)
        scenario = self._scenario(task)
        taken_by = self._taken.get(scenario["id"])
        if taken_by is not None:
            raise UnusableError(f"its scenario id '{scenario['id']}' is taken by '{taken_by}'")
        self._proof.require(scenario, self._offered())
        self._taken[scenario["id"]] = task.id
        self.scenarios.append(scenario)

    def _offered(self) -> dict[str, Function]:
        return {self._ids[name]: tool for name, tool in self._tools.items()}

    def _head(self, actions: list[JsonObject]) -> JsonObject:
        return {
            "id": self.name,
            "title": f"Tools of {self._tasks.name}",
            "description": self._rules or WITHOUT_POLICY,
            "provenance": {
                "benchmark": BENCHMARK,
                "file": self._tasks.name,
                "sha256": self._tasks.digest.removeprefix("sha256:"),
                "commit": "unknown",
                "licence": LICENCE,
            },
            "actions": actions,
        }

    def _scenario(self, task: Task) -> JsonObject:
        history = history_of(task)
        mended = notes(task)
        expectation = expected(task, self._ids)
        return {
            "id": self._scenario_id(task),
            "reason": _reason(task),
            "tags": [_tag(task)],
            **({"given": {"history": history}} if history else {}),
            "when": {"message": message_of(task)},
            "expect": expectation,
            "provenance": {
                "source": BENCHMARK,
                "task": task.id,
                "file": self._tasks.name,
                "line": task.line,
                "commit": "unknown",
                **kept(task),
                **({"mended": mended} if mended else {}),
            },
        }

    def _scenario_id(self, task: Task) -> str:
        words = _OTHER.sub("-", f"{self.name}-{task.id}".lower()).strip("-")
        return words[:LONGEST_ID].rstrip("-")


def _reason(task: Task) -> str:
    described = task.content.get("description")
    purpose = described.get("purpose") if isinstance(described, dict) else None
    if isinstance(purpose, str) and len(purpose.split()) > 1:
        return " ".join(purpose.split())
    changing = list(dict.fromkeys(call.name for call in required_calls(task)))
    if not changing:
        return "Nothing that is stored may change, whatever the person asks for."
    return f"The person's matter is settled by {', '.join(changing)} as the reference has it."


def _tag(task: Task) -> str:
    calls = required_calls(task)
    if not calls:
        return "forbidden"
    return "single" if len(calls) == 1 else "chain"
