"""Carry out `plangate eval describe`: what a scenario may name in an environment."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import orjson
from rich.console import Console

from harness.cli.reading import complain
from runtime.public import Action, DeclarationError, JsonObject, Sandbox, environment_names


def describe_command(environment: str | None, *, as_json: bool) -> int:
    """Print one environment, or the names of all that installed plugins declare."""
    try:
        if environment is None:
            return _print(list(environment_names()), environment_names(), as_json=as_json)
        sandbox = Sandbox.named(environment)
    except DeclarationError as error:
        return complain(error)
    return _print(_document(sandbox), _lines(sandbox), as_json=as_json)


def _document(sandbox: Sandbox) -> JsonObject:
    return {
        "environment": sandbox.environment.id,
        "description": sandbox.environment.description,
        "state": sandbox.registry.initial_state(),
        "components": [item.document() for item in sandbox.registry.components.values()],
        "actions": [item.document() for item in sandbox.registry.actions.values()],
    }


def _lines(sandbox: Sandbox) -> Iterator[str]:
    principal = sandbox.environment.principal
    yield f"{sandbox.environment.id}: {sandbox.environment.description}"
    yield f"principal: {', '.join(principal.roles)}, {principal.grant.value}"
    for component in sandbox.registry.components.values():
        yield ""
        yield f"component {component.id}: {component.description}"
        yield from (f"  always: {rule.message}" for rule in component.invariants)
    for action in sandbox.registry.actions.values():
        yield ""
        yield from _action_lines(action, hidden=action.id not in sandbox.book.names)


def _action_lines(action: Action, *, hidden: bool) -> Iterator[str]:
    permission = action.permission
    notes = [f"{permission.risk.value} risk", f"cost {action.cost}"]
    notes += ["confirmation"] if permission.confirmation else []
    notes += [f"{permission.approvals} approval(s)"] if permission.approvals else []
    notes += [f"only {' or '.join(permission.roles)}"] if permission.roles else []
    notes += ["hidden from models"] if hidden else []
    yield f"action {action.id}: {action.title} ({', '.join(notes)})"
    required = action.input_schema.get("required", [])
    for name, schema in action.input_schema.get("properties", {}).items():
        kind = schema.get("enum") or schema.get("type", "any")
        needed = "required" if name in required else f"default {schema.get('default')!r}"
        yield f"  {name} ({kind}, {needed}): {schema.get('description', '')}"
    yield from (f"  requires: {rule.message}" for rule in action.preconditions)


def _print(document: object, lines: Iterator[str] | tuple[str, ...], *, as_json: bool) -> int:
    if as_json:
        sys.stdout.buffer.write(
            orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        )
        return 0
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for line in lines:
        console.print(line)
    return 0
