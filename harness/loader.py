"""Read scenario files: find them, check their form, and say file and line of every fault.

Whether a golden plan executes is asked afterwards by `harness.prepared`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from harness.scenario import Scenario, ScenarioFile, ScenarioIn
from harness.yaml_source import Problem, SourceError, YamlSource, read_yaml
from runtime.public import JsonObject, canonical_text, digest

ENVIRONMENT_SUFFIX = ".environment.yaml"
SUFFIXES = (".yaml", ".yml")
RESERVED_NAMES = frozenset({"gate.yaml", "quarantine.yaml"})
RESERVED_FOLDERS = frozenset({"cassettes", "judges"})
_INTERNAL_PLACES = frozenset({"function-after", "tagged-union", "function-before"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioSet:
    """Hold the scenarios of some paths and the environments declared beside them."""

    scenarios: tuple[Scenario, ...]
    environments: dict[str, YamlSource]
    files: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Return a digest over all scenarios, which changes with any of them."""
        return digest({item.id: item.digest for item in self.scenarios})

    def tagged(self, tags: Iterable[str]) -> ScenarioSet:
        """Keep scenarios that have every one of these tags (a suite counts as a tag)."""
        wanted = set(tags)
        return ScenarioSet(
            scenarios=tuple(
                item
                for item in self.scenarios
                if wanted <= {*item.tags, item.suite, item.environment}
            ),
            environments=self.environments,
            files=self.files,
        )


def load(paths: Iterable[Path], *, root: Path) -> ScenarioSet:
    """Read every scenario file below some paths.

    Args:
        paths: files or folders.
        root: what file names in messages are relative to.

    Raises:
        SourceError: with every problem of every file, so that one look mends all.
    """
    problems: list[Problem] = []
    scenarios: list[Scenario] = []
    environments: dict[str, YamlSource] = {}
    files = _found(paths, root, problems)
    for path in files:
        shown = _shown(path, root)
        try:
            source = read_yaml(path, shown_as=shown)
            if path.name.endswith(ENVIRONMENT_SUFFIX):
                _declare(environments, source)
            else:
                scenarios += read_scenarios(source)
        except SourceError as error:
            problems += error.problems
    problems += _twice(scenarios)
    if problems:
        raise SourceError(*problems)
    return ScenarioSet(
        scenarios=tuple(scenarios),
        environments=environments,
        files=tuple(_shown(path, root) for path in files),
    )


def read_scenarios(source: YamlSource) -> list[Scenario]:
    """Check one file's form and return its scenarios with their lines.

    Raises:
        SourceError: with every problem of the file.
    """
    try:
        # As JSON, because strict validation of it takes lists for tuples and text for instants.
        parsed = ScenarioFile.model_validate_json(orjson.dumps(source.content), strict=True)
    except ValidationError as error:
        raise SourceError(*_form_problems(source, error)) from error
    return [
        _scenario(parsed, item, source, index=index) for index, item in enumerate(parsed.scenarios)
    ]


def _scenario(
    parsed: ScenarioFile, item: ScenarioIn, source: YamlSource, *, index: int
) -> Scenario:
    raw: JsonObject = source.content["scenarios"][index]
    return Scenario(
        id=item.id,
        environment=parsed.environment,
        suite=parsed.suite or parsed.environment,
        family=item.family or item.id,
        tags=tuple(dict.fromkeys((*parsed.tags, *item.tags))),
        reason=item.reason,
        given=item.given,
        when=item.when,
        expect=item.expect,
        file=source.file,
        line=source.line(("scenarios", index)),
        digest=digest(
            {
                "environment": parsed.environment,
                "given": raw.get("given", {}),
                "when": raw["when"],
                "expect": raw["expect"],
            }
        ),
    )


def _found(paths: Iterable[Path], root: Path, problems: list[Problem]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(
                item
                for item in path.rglob("*")
                if item.suffix in SUFFIXES
                and item.is_file()
                and item.name not in RESERVED_NAMES
                and not RESERVED_FOLDERS & set(item.relative_to(path).parts)
            )
            if not inside:
                problems.append(_no_scenarios(path, root))
            found.update(dict.fromkeys(inside))
        elif path.is_file():
            found[path] = None
            if not path.name.endswith(ENVIRONMENT_SUFFIX):
                found.update(dict.fromkeys(sorted(path.parent.glob(f"*{ENVIRONMENT_SUFFIX}"))))
        else:
            problems.append(
                Problem(file=_shown(path, root), line=1, message="there is no such file or folder")
            )
    return list(found)


def _no_scenarios(path: Path, root: Path) -> Problem:
    return Problem(file=_shown(path, root), line=1, message="the folder holds no scenario file")


def _declare(environments: dict[str, YamlSource], source: YamlSource) -> None:
    name = _environment_id(source)
    other = environments.setdefault(name, source)
    if other is not source:
        message = f"environment '{name}' is declared by {other.file} already"
        raise SourceError(Problem(file=source.file, line=source.line(("id",)), message=message))


def _environment_id(source: YamlSource) -> str:
    content = source.content
    if not isinstance(content, dict) or not isinstance(content.get("id"), str):
        raise SourceError(
            Problem(file=source.file, line=1, message="an environment file needs an 'id'")
        )
    return str(content["id"])


def _twice(scenarios: list[Scenario]) -> list[Problem]:
    first: dict[str, Scenario] = {}
    problems: list[Problem] = []
    for item in scenarios:
        other = first.setdefault(item.id, item)
        if other is not item:
            problems.append(
                Problem(
                    file=item.file,
                    line=item.line,
                    message=f"scenario id '{item.id}' is taken by {other.file}:{other.line}",
                )
            )
    return problems


def _form_problems(source: YamlSource, error: ValidationError) -> list[Problem]:
    return [
        Problem(
            file=source.file,
            line=source.line(_place(item["loc"])),
            message=_form_message(item),
        )
        for item in error.errors(include_url=False)
        if not _follows_from_others(item)
    ]


def _follows_from_others(item: Any) -> bool:  # noqa: ANN401  # pydantic's ErrorDetails
    """Say whether a problem is only the echo of one inside it: a list whose items were refused."""
    echoed = item["type"] == "too_short" and bool(item["input"])
    return echoed or item["type"] == "default_factory_not_called"


def _place(loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    return tuple(part for part in loc if part not in _INTERNAL_PLACES)


def _form_message(item: Any) -> str:  # noqa: ANN401  # pydantic's ErrorDetails
    where = ".".join(str(part) for part in _place(item["loc"]))
    kind = item["type"]
    if kind in {"extra_forbidden", "unexpected_keyword_argument"}:
        return (
            f"unknown key '{where.rpartition('.')[2]}' in {where.rpartition('.')[0] or 'the file'}"
        )
    if kind == "missing":
        return f"'{where}' is missing"
    message = item["msg"].removeprefix("Value error, ")
    found = item.get("input")
    shown = "" if isinstance(found, dict | list) else f", found {_short(found)}"
    return f"{where or 'the file'}: {message}{shown}"


def _short(value: object) -> str:
    try:
        text = canonical_text(value)
    except ValueError:
        text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004  # fits a line


def _shown(path: Path, root: Path) -> str:
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.as_posix()
