"""Read the environments that stand beside scenarios, in files.

Two kinds do: one declares functions whose calls are recorded, the other changes an installed
environment. Both may bring rules, in folders, as an organization uploads them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import ValidationError

from harness.sandboxes.situations import changed_principal
from harness.scenario import EnvironmentFile, PolicyFolders
from harness.yaml_source import YamlSource
from runtime.public import (
    DeclarationError,
    Environment,
    JsonObject,
    OwnModules,
    Plugin,
    PolicyModule,
    PolicyRefusedError,
    PolicyUncheckableError,
    RulesDesk,
    StepRules,
    declared_plugin,
    digest,
    find_environment,
)

POLICIES: Final = "policies"
EXTENDS: Final = "extends"
MOST_FILES: Final = 1_000
MOST_FILE_BYTES: Final = 1_000_000
SHOWN_DIGITS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Hold what the sandboxes of one environment are made of.

    Attributes:
        rules: what decides about steps; None for the shipped table.
    """

    plugin: Plugin
    environment: Environment
    rules: StepRules | None = None


def world_beside(source: YamlSource, desk: RulesDesk) -> World:
    """Return the environment that a file describes, with its rules tried and open.

    Raises:
        DeclarationError: the file does not have the form of one, it extends what is not
            installed, or its rules can't be used.
    """
    content: JsonObject = source.content
    if EXTENDS in content:
        world, folders = _extended(source)
    else:
        world, folders = _declared(source)
    if folders is None:
        return world
    return replace(world, rules=_opened(folders, source, desk))


def _extended(source: YamlSource) -> tuple[World, PolicyFolders | None]:
    described = _read(EnvironmentFile, source.content, source)
    plugin, base = find_environment(described.extends)
    changed = replace(
        base,
        title=described.title or base.title,
        description=described.description or base.description,
        principal=changed_principal(described.principal, base.principal),
        limits=base.limits if described.limits is None else described.limits,
    )
    said = {name: value for name, value in source.content.items() if name != POLICIES}
    mark = digest(said).rpartition(":")[2][:SHOWN_DIGITS]
    version = f"{plugin.version}+{described.id}.{mark}"
    return World(plugin=replace(plugin, version=version), environment=changed), described.policies


def _declared(source: YamlSource) -> tuple[World, PolicyFolders | None]:
    content = dict(source.content)
    told = content.pop(POLICIES, None)
    folders = None if told is None else _read(PolicyFolders, told, source)
    plugin = declared_plugin(content, source=source.file)
    return World(plugin=plugin, environment=plugin.environments[0]), folders


def _read(shape: type[Any], content: object, source: YamlSource) -> Any:  # noqa: ANN401  # as asked
    try:
        return shape.model_validate_json(orjson.dumps(content), strict=True)
    except ValidationError as error:
        problems = tuple(
            f"{'.'.join(str(part) for part in item['loc']) or 'the file'}: {item['msg']}"
            for item in error.errors(include_url=False)
        )
        raise DeclarationError(subject=f"environment {source.file}", problems=problems) from error


def _opened(folders: PolicyFolders, source: YamlSource, desk: RulesDesk) -> StepRules:
    subject = f"environment {source.file}"
    try:
        return desk.open(
            OwnModules(
                organization=_modules(folders.organization, source),
                project=_modules(folders.project, source),
            )
        )
    except PolicyRefusedError as error:
        problems = tuple(f"{error.scope} rules: {problem}" for problem in error.problems)
        raise DeclarationError(subject=subject, problems=problems) from error
    except (PolicyUncheckableError, OSError, UnicodeDecodeError) as error:
        raise DeclarationError(subject=subject, problems=(str(error),)) from error


def _modules(name: str | None, source: YamlSource) -> tuple[PolicyModule, ...]:
    """Return every module at or below a folder, as pushing it would upload them."""
    if name is None:
        return ()
    folder = (source.folder or Path()) / name
    found = sorted(
        path
        for path in folder.rglob("*.rego")
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not found or len(found) > MOST_FILES:
        problem = (
            f"policies: the folder '{name}', named from where the file lies, holds {len(found)} "
            f"files named *.rego, expected 1 to {MOST_FILES}"
        )
        raise DeclarationError(subject=f"environment {source.file}", problems=(problem,))
    return tuple(_module(path, folder) for path in found)


def _module(path: Path, folder: Path) -> PolicyModule:
    with path.open("rb") as stream:
        content = stream.read(MOST_FILE_BYTES)  # whoever tries it refuses far less
    return PolicyModule(path=path.relative_to(folder).as_posix(), text=content.decode())
