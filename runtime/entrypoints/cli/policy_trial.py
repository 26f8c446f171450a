"""Try rules without a platform: beside the shipped ones, in a child process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from runtime.adapters.rego.checker import RegoChecker
from runtime.domain.errors import PolicyUncheckableError
from runtime.domain.policy_version import ORGANIZATION_SCOPE, PROJECT_FOLDER, placed_modules
from runtime.entrypoints.cli.client import REFUSED, CommandError, Document, plain
from runtime.entrypoints.cli.policy_files import PolicyFolder
from runtime.policies import shipped_modules
from runtime.ports.policy import PolicyCheck
from runtime.services.policies.trials import Trials, problems_of, served


def tried(folder: PolicyFolder, *, beside: PolicyFolder | None) -> PolicyCheck:
    """Return what an upload of a folder would be told.

    Args:
        folder: the rules.
        beside: those of the organization, for a project's.

    Raises:
        CommandError: they could not be tried, or took too long.
    """
    trials = Trials(checker=RegoChecker(), shipped=shipped_modules)
    scope = PROJECT_FOLDER if folder.level == PROJECT_FOLDER else ORGANIZATION_SCOPE
    others = () if beside is None else placed_modules(ORGANIZATION_SCOPE, served(beside.modules))
    try:
        return asyncio.run(trials.tried(scope, folder.modules, beside=others))
    except PolicyUncheckableError as error:
        raise CommandError(str(error), exit_code=REFUSED) from None


def check_document(check: PolicyCheck) -> Document:
    """Spell a trial as the API does."""
    problems = problems_of(check)
    return {
        "usable": not problems,
        "problems": list(problems),
        "tests": [
            {"name": test.name, "passed": test.passed, "problem": test.problem}
            for test in check.tests
        ],
        "uncovered": [{"path": path, "lines": list(lines)} for path, lines in check.uncovered],
        "covered_share": check.covered_share,
    }


def problem_lines(document: Document) -> Iterator[str]:
    """Yield each reason for which rules are refused."""
    yield from (plain(problem) for problem in document["problems"])


def outcome_lines(document: Document) -> Iterator[str]:
    """Yield what came of each test, and what none of them reached."""
    for test in document["tests"]:
        why = f": {plain(test['problem'])}" if test["problem"] else ""
        yield f"{'pass' if test['passed'] else 'FAIL'}  {plain(test['name'])}{why}"
    yield f"covered {document['covered_share']:.0%}"
    for module in document["uncovered"]:
        if module["lines"]:
            yield f"not reached: {plain(module['path'])} {', '.join(spans(module['lines']))}"


def spans(lines: Iterable[int]) -> Iterator[str]:
    """Yield runs of numbers in short.

    >>> list(spans([1, 2, 3, 7]))
    ['1-3', '7']
    """
    runs = list[list[int]]()
    for line in sorted(lines):
        if runs and line == runs[-1][-1] + 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    for run in runs:
        yield str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}"
