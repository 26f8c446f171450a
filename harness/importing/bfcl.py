"""Import questions of the Berkeley Function Calling Leaderboard as scenarios.

`harness.cli.importing` calls it and says how it went. Each question that can't become a sound
scenario is named with its line and left out; the others are unaffected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from harness.importing.actions import Catalogue
from harness.importing.bfcl_category import Expects, category_of, has_turns, usual_expectation
from harness.importing.bfcl_documents import Documents
from harness.importing.bfcl_entry import Entry, read_entry
from harness.importing.bfcl_lines import Answer, Line, Lines, answers_by_id, read_lines
from harness.importing.bfcl_published import ANSWERS, Published
from harness.importing.bfcl_scenario import expected, given, reason, tags
from harness.importing.bfcl_turns import Turns
from harness.importing.files import environment_file, scenario_files
from harness.importing.imported import Check, Imported, Proof
from harness.importing.unusable import UnusableError
from harness.yaml_source import Problem, SourceError
from runtime.public import CanonicalJsonError, JsonObject

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


def import_bfcl(source: Published, *, check: Check) -> Imported:
    """Turn a file of questions and its answers into an environment and scenarios.

    Raises:
        SourceError: a file can't be read, or all questions need answers and no file has them.
        OutputError: what came of it is too large.
    """
    asked = read_lines(source.questions)
    answered = read_lines(source.answers) if source.answers is not None else None
    if answered is None and asked.lines and all(map(_needs_answer, asked.lines)):
        raise SourceError(_no_answers(asked))
    answers = answers_by_id(answered) if answered is not None else {}
    work = _Import(asked, answers, documents=Documents(source.documents), check=check)
    problems = [*asked.problems, *work.run()]
    if answered is not None:
        problems += [*answered.problems, *_unasked(asked, answered)]
    return Imported(
        name=work.name,
        files=work.files() if work.scenarios else {},
        entries=len(asked.lines),
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


def _needs_answer(line: Line) -> bool:
    return usual_expectation(category_of(line.id)) is Expects.CALLS and "function" in line.content


def _no_answers(asked: Lines) -> Problem:
    message = (
        f"its {len(asked.lines)} questions need answers: put the answer file beside it as "
        f"{ANSWERS}/{asked.name}, or name it with --answers"
    )
    return Problem(file=asked.shown, line=1, message=message)


def _unasked(asked: Lines, answered: Lines) -> list[Problem]:
    known = {line.id for line in asked.lines}
    return [
        answered.problem(line, f"no question in {asked.name} has this id")
        for line in answered.lines
        if line.id not in known
    ]


class _Import:
    """Collect the usable questions of one file."""

    def __init__(
        self, asked: Lines, answers: dict[str, Answer], *, documents: Documents, check: Check
    ) -> None:
        self.name = environment_name(asked.name)
        self.scenarios: list[JsonObject] = []
        self._asked = asked
        self._answers = answers
        self._documents = documents
        self._catalogue = Catalogue()
        self._proof = Proof(self._head([]), check=check)
        self._taken: dict[str, str] = {}

    def run(self) -> list[Problem]:
        """Import each line, and return why some were not."""
        problems: list[Problem] = []
        for line in self._asked.lines:
            try:
                problems += self._add(line)
            except (UnusableError, CanonicalJsonError) as error:
                problems.append(self._asked.problem(line, str(error)))
        return problems

    def files(self) -> dict[str, bytes]:
        """Return the files to write."""
        source = self._asked.name
        head: JsonObject = {"environment": self.name, "tags": ["bfcl", self.name[:60]]}
        environment = self._head(self._catalogue.actions())
        return {
            **environment_file(self.name, environment, source=source),
            **scenario_files(self.name, head, self.scenarios, source=source),
        }

    def _add(self, line: Line) -> Iterator[Problem]:
        """Add what a line holds, a conversation turn by turn."""
        answer = self._answers.get(line.id)
        calls = answer.calls if answer is not None else None
        if not has_turns(category_of(line.id)):
            self._keep(line, read_entry(line.content, calls))
            return
        turns = Turns(line.content, calls, self._documents)
        for number in range(1, len(turns) + 1):
            try:
                self._keep(line, turns.entry(number))
            except (UnusableError, CanonicalJsonError) as error:
                yield self._asked.problem(line, f"turn {number}: {error}")

    def _keep(self, line: Line, entry: Entry) -> None:
        ids = self._catalogue.ids(entry.functions)
        scenario = self._scenario(line, entry, ids)
        taken_by = self._taken.get(scenario["id"])
        if taken_by is not None:
            raise UnusableError(f"its scenario id '{scenario['id']}' is taken by '{taken_by}'")
        self._proof.require(scenario, {ids[item.name]: item for item in entry.functions})
        self._taken[scenario["id"]] = line.id
        self._catalogue.keep(entry.functions)
        self.scenarios.append(scenario)

    def _head(self, actions: list[JsonObject]) -> JsonObject:
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

    def _scenario(self, line: Line, entry: Entry, ids: dict[str, str]) -> JsonObject:
        provenance: JsonObject = {"id": line.id, "file": self._asked.name, "line": line.number}
        if entry.turn:
            provenance["turn"] = entry.turn
        if entry.mended:
            provenance["mended"] = list(entry.mended)
        return {
            "id": self._scenario_id(line) + (f"-turn-{entry.turn}" if entry.turn else ""),
            "reason": reason(entry),
            **({"family": self._scenario_id(line)} if entry.turn else {}),
            "tags": tags(entry),
            "given": given(entry, ids),
            "when": {"message": entry.spoken.message},
            "expect": expected(entry, ids),
            "provenance": provenance,
        }

    def _scenario_id(self, line: Line) -> str:
        name = _kebab(f"bfcl_{line.id}")
        prefix = _kebab(self.name)
        return name if name.startswith(f"{prefix}-") else f"{prefix}-{_kebab(line.id)}"


def _kebab(text: str) -> str:
    return _OTHER.sub("-", text.lower()).strip("-")
