"""Import questions of the Berkeley Function Calling Leaderboard as scenarios.

`harness.cli.importing` calls it and says how it went. Each question that can't become a sound
scenario is named with its line and left out; the others are unaffected.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.importing.bfcl_actions import Catalogue, declaration
from harness.importing.bfcl_entry import Entry, read_entry
from harness.importing.bfcl_files import environment_file, reread, scenario_files
from harness.importing.bfcl_lines import Answer, Line, Lines, answers_by_id, read_lines
from harness.importing.bfcl_schema import UnusableError
from harness.loader import read_scenarios
from harness.sandboxes import Sandboxes
from harness.scenario import Scenario
from harness.yaml_source import Problem, SourceError
from runtime.public import CanonicalJsonError, JsonObject

Check = Callable[[Scenario, Sandboxes], object]
"""Raises SourceError for a scenario whose golden plan does not execute."""

BENCHMARK: Final = "Berkeley Function Calling Leaderboard"
LICENCE: Final = (
    "The questions and answers are published under Apache-2.0; keep that notice with copies."
)
DESCRIPTION: Final = (
    "Do what the person asks by calling the functions on offer, with the values that the person "
    "gave; say no or ask when none of them fits."
)
_FAMILY: Final = re.compile(r"^bfcl(_v\d+)?_")
_OTHER: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """Hold what an import made, ready to be written.

    Attributes:
        name: the environment's id, which the files are named after.
        files: content by file name; empty when no question could be used.
        scenarios: how many questions were imported.
        mended: how many of them differ from what was published, as their provenance says.
        problems: every line that was not used, and why.
    """

    name: str
    files: dict[str, bytes]
    scenarios: int
    mended: int
    problems: tuple[Problem, ...]


def import_bfcl(questions: Path, answers: Path | None, *, check: Check) -> Imported:
    """Turn a file of questions and its answers into an environment and scenarios.

    Raises:
        SourceError: a file can't be read.
        OutputError: what came of it is too large.
    """
    asked = read_lines(questions)
    answered = read_lines(answers) if answers is not None else None
    work = _Import(asked, answers_by_id(answered) if answered is not None else {}, check)
    problems = [*asked.problems, *work.run()]
    if answered is not None:
        problems += [*answered.problems, *_unasked(asked, answered)]
    return Imported(
        name=work.name,
        files=work.files() if work.scenarios else {},
        scenarios=len(work.scenarios),
        mended=sum("mended" in item["provenance"] for item in work.scenarios),
        problems=tuple(problems),
    )


def environment_name(file_name: str) -> str:
    """Return the environment's id for a file of questions.

    >>> environment_name("BFCL_v4_simple_python.json")
    'bfcl_simple_python'
    """
    stem = _OTHER.sub("_", file_name.lower().rpartition(".")[0] or file_name.lower()).strip("_")
    return f"bfcl_{_FAMILY.sub('', f'{stem}_').strip('_') or 'questions'}"


def _unasked(asked: Lines, answered: Lines) -> list[Problem]:
    known = {line.id for line in asked.lines}
    return [
        answered.problem(line, f"no question in {asked.name} has this id")
        for line in answered.lines
        if line.id not in known
    ]


class _Import:
    """Collect the usable questions of one file."""

    def __init__(self, asked: Lines, answers: dict[str, Answer], check: Check) -> None:
        self.name = environment_name(asked.name)
        self.scenarios: list[JsonObject] = []
        self._asked = asked
        self._answers = answers
        self._check = check
        self._catalogue = Catalogue()
        self._taken: dict[str, str] = {}

    def run(self) -> list[Problem]:
        """Import each line, and return why some were not."""
        problems: list[Problem] = []
        for line in self._asked.lines:
            try:
                self._add(line)
            except (UnusableError, CanonicalJsonError) as error:
                problems.append(self._asked.problem(line, str(error)))
        return problems

    def files(self) -> dict[str, bytes]:
        """Return the files to write."""
        source = self._asked.name
        head: JsonObject = {"environment": self.name, "tags": ["bfcl", self.name[:60]]}
        return {
            **environment_file(
                self.name, self._environment(self._catalogue.actions()), source=source
            ),
            **scenario_files(self.name, head, self.scenarios, source=source),
        }

    def _add(self, line: Line) -> None:
        answer = self._answers.get(line.id)
        entry = read_entry(line.content, answer.calls if answer is not None else None)
        scenario = self._scenario(line, entry)
        taken_by = self._taken.get(scenario["id"])
        if taken_by is not None:
            raise UnusableError(f"its scenario id '{scenario['id']}' is taken by '{taken_by}'")
        self._prove(entry, scenario)
        self._taken[scenario["id"]] = line.id
        self._catalogue.keep(entry.functions)
        self.scenarios.append(scenario)

    def _prove(self, entry: Entry, scenario: JsonObject) -> None:
        """Let the golden plan run in a world of this question's own functions."""
        ids = self._catalogue.ids(entry.functions)
        offered = [declaration(ids[item.name], item) for item in entry.functions]
        content = {"environment": self.name, "scenarios": [scenario]}
        try:
            environment = reread(self._environment(offered), shown_as=self.name)
            (read,) = read_scenarios(reread(content, shown_as=self.name))
            self._check(read, Sandboxes({self.name: environment}))
        except SourceError as error:
            raise UnusableError("; ".join(item.message for item in error.problems)) from error

    def _environment(self, actions: list[JsonObject]) -> JsonObject:
        return {
            "id": self.name,
            "title": f"Functions of {self._asked.name}",
            "description": DESCRIPTION,
            "provenance": {
                "benchmark": BENCHMARK,
                "file": self._asked.name,
                "sha256": self._asked.digest.removeprefix("sha256:"),
                "licence": LICENCE,
            },
            "actions": actions,
        }

    def _scenario(self, line: Line, entry: Entry) -> JsonObject:
        ids = self._catalogue.ids(entry.functions)
        provenance: JsonObject = {"id": line.id, "file": self._asked.name, "line": line.number}
        if entry.mended:
            provenance["mended"] = list(entry.mended)
        return {
            "id": self._scenario_id(line),
            "reason": _reason(entry),
            "tags": [_tag(entry)],
            "given": _given(entry, ids),
            "when": {"message": entry.spoken.message},
            "expect": _expect(entry, ids),
            "provenance": provenance,
        }

    def _scenario_id(self, line: Line) -> str:
        name = _kebab(f"bfcl_{line.id}")
        prefix = _kebab(self.name)
        return name if name.startswith(f"{prefix}-") else f"{prefix}-{_kebab(line.id)}"


def _given(entry: Entry, ids: dict[str, str]) -> JsonObject:
    given: JsonObject = {"actions": list(ids.values())}
    if entry.spoken.instructions:
        given["facts"] = {"instructions": entry.spoken.instructions}
    if entry.spoken.history:
        given["history"] = list(entry.spoken.history)
    return given


def _expect(entry: Entry, ids: dict[str, str]) -> JsonObject:
    if not entry.calls:
        return {"either": ["decline", "clarification"]}
    steps = [{"action": ids[call.function], "inputs": call.inputs} for call in entry.calls]
    return {"plan": {"mode": "exact" if len(steps) == 1 else "unordered", "steps": steps}}


def _reason(entry: Entry) -> str:
    names = list(dict.fromkeys(call.function for call in entry.calls))
    if not names:
        return "None of the offered functions does what is asked."
    if len(entry.calls) == 1:
        return f"One call of {names[0]} with the published values answers the request."
    return f"{len(entry.calls)} calls of {', '.join(names)} in any order answer the request."


def _tag(entry: Entry) -> str:
    if not entry.calls:
        return "irrelevance"
    return "single" if len(entry.calls) == 1 else "parallel"


def _kebab(text: str) -> str:
    return _OTHER.sub("-", text.lower()).strip("-")
