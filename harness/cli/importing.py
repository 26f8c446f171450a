"""Carry out the commands that turn other people's test data into scenarios."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console

from harness.cli.reading import CONFIGURATION, complain
from harness.importing.bfcl import environment_name, import_bfcl
from harness.importing.bfcl_published import Published, published
from harness.importing.files import OutputError, write_files
from harness.importing.imported import Imported
from harness.importing.tau2 import import_tau2
from harness.prepared import prepare
from harness.yaml_source import Problem, SourceError


def import_bfcl_command(path: Path, *, answers: Path | None, output: Path) -> int:
    """Import the Berkeley leaderboard's files; name every entry that could not be used.

    Args:
        path: a file of questions, or the folder that holds such files as published.
        answers: the answer file or the folder of answer files; None looks beside the questions.
        output: the folder for the scenarios.

    Returns:
        0 when each entry was imported or named; 5 when no file can be read, the folder can't be
        written to, or no entry could be used.
    """
    try:
        found = published(path, answers)
        if len(found) == 1:
            return _written([import_bfcl(found[0], check=prepare)], output)
        _require_distinct(found)
        return _written(map(_bfcl, found), output)
    except (SourceError, OutputError) as error:
        return complain(error)


def import_tau2_command(path: Path, *, policy: Path | None, output: Path) -> int:
    """Import a file of τ²-bench tasks; name every task that could not be used.

    Args:
        path: the tasks as published.
        policy: the text that the agent must follow; None leaves the agent without one.
        output: the folder for the scenarios.

    Returns:
        0 when each task was imported or named; 5 when a file can't be read, the folder can't be
        written to, or no task could be used.
    """
    try:
        return _written([import_tau2(path, policy, check=prepare)], output)
    except (SourceError, OutputError) as error:
        return complain(error)


def _bfcl(source: Published) -> Imported:
    """Import one file of several; one that can't be read does not stop the others."""
    try:
        return import_bfcl(source, check=prepare)
    except SourceError as error:
        problems = error.problems
    except OutputError as error:
        problems = (Problem(file=str(source.questions), line=1, message=str(error)),)
    name = environment_name(source.questions.name)
    return Imported(name=name, files={}, entries=0, scenarios=0, mended=0, problems=problems)


def _require_distinct(found: Iterable[Published]) -> None:
    """Refuse two releases of one category, whose files would replace each other.

    Raises:
        SourceError: two files would have the same name.
    """
    first: dict[str, Path] = {}
    for item in found:
        name = environment_name(item.questions.name)
        if name in first:
            message = f"both this and {first[name].name} become {name}: import them apart"
            raise SourceError(Problem(file=str(item.questions), line=1, message=message))
        first[name] = item.questions


def _written(imports: Iterable[Imported], output: Path) -> int:
    """Write each import as it comes, and say how it went."""
    done: list[Imported] = []
    for imported in imports:
        if imported.scenarios:
            write_files(output, imported.name, imported.files)
        for problem in imported.problems:
            print(problem, file=sys.stderr)  # noqa: T201  # a command talks to its user
        done.append(imported)
    console = Console(soft_wrap=True)
    for line in _summary(done, output):
        console.print(line, highlight=False, markup=False)
    return 0 if any(item.scenarios for item in done) else CONFIGURATION


def _summary(done: list[Imported], output: Path) -> Iterator[str]:
    if len(done) > 1:
        for item in done:
            unused = f", {len(item.problems)} not used" if item.problems else ""
            yield f"{item.name}: {item.scenarios} scenarios of {item.entries} entries{unused}"
    scenarios = sum(item.scenarios for item in done)
    counts = f"{scenarios} scenarios imported, {sum(len(i.problems) for i in done)} lines not"
    if not scenarios:
        yield f"{counts}; nothing was written."
        return
    mended = sum(item.mended for item in done)
    notes = [counts, f"{mended} mended as their provenance says"] if mended else [counts]
    yield f"{'; '.join(notes)}. Written to {output}."
