"""Call every handler of a plugin as the engine would, and say where it breaks its declarations.

A handler is pure: from equal inputs and an equal state it makes an equal state, leaves the inputs
alone, changes what its action declares and nothing else, and gives back JSON that satisfies the
schemas. That it refuses is fine, and so is breaking an invariant, which the engine refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from runtime.domain.action import HandlerRefusal
from runtime.domain.registry import Registry
from runtime.engine.compiled import CompiledAction, CompiledRegistry
from runtime.kit.canonical_json import CanonicalJsonError, canonical_bytes, parse
from runtime.kit.json_patch import diff
from runtime.kit.json_pointer import covers
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.plugins.contract import Plugin
from runtime.plugins.lint import lint
from runtime.plugins.testing.inputs import sample_inputs

MOST_STATES: Final = 5
"""How many states handlers are called on; each comes from a call before."""


def check(plugin: Plugin) -> tuple[str, ...]:
    """Return every way in which a plugin breaks the contract; nothing if it keeps it.

    An author's own tests hold this to be empty:

        def test_the_plugin_keeps_the_contract() -> None:
            assert check(PLUGIN) == ()
    """
    said = lint(plugin)
    if said.problems:
        return said.problems
    compiled = CompiledRegistry.of(Registry.of(plugin.components, plugin.actions))
    problems: dict[str, None] = {}
    states = [canonical_bytes(compiled.registry.initial_state())]
    for before in states:  # grows while it is read
        for action in compiled.actions.values():
            found = _action_problems(action, compiled, states, before=before)
            problems.update(dict.fromkeys(found))
    return tuple(problems)


def _action_problems(
    action: CompiledAction, compiled: CompiledRegistry, states: list[bytes], *, before: bytes
) -> Iterator[str]:
    """Yield what is wrong with an action on a state; add states that it leads to."""
    for inputs in sample_inputs(action.action.input_schema, hints=_texts(parse(before))):
        if action.preconditions.first_broken(parse(before), inputs) is not None:
            continue
        called = _called(action, inputs, before)
        if isinstance(called, str):
            yield f"{action.action.id}: {called}"
        elif called is not None:
            yield from _result_problems(action, compiled, before=before, after=called)
            usable = not compiled.state_problems(parse(called))
            if usable and called not in states and len(states) < MOST_STATES:
                states.append(called)


def _texts(value: JsonValue) -> Iterator[str]:
    """Yield the texts of a state and the names in it, each once."""
    waiting, seen = [value], set[str]()
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += [*item.values(), *item]
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, str) and item not in seen:
            seen.add(item)
            yield item


def _called(action: CompiledAction, inputs: JsonObject, before: bytes) -> bytes | str | None:
    """Return the state that a handler makes, why that can't be used, or None for a refusal."""
    first, second = (_once(action, inputs, before) for _ in range(2))
    if first != second and not isinstance(first, str):
        return "its handler gives two answers to one question; it must be pure"
    return first


def _once(action: CompiledAction, inputs: JsonObject, before: bytes) -> bytes | str | None:
    given = canonical_bytes(inputs)
    own = parse(given)
    try:
        after = action.action.handler(own, parse(before))
        said = canonical_bytes(after)
    except HandlerRefusal:
        return None
    except CanonicalJsonError as error:
        return f"its handler gives back what is no JSON: {error}"
    except Exception as error:  # noqa: BLE001  # foreign code: its faults are what is looked for
        return f"its handler raises {type(error).__name__}: {error}"
    if not said.startswith(b"{"):
        return "its handler gives back no state"
    return said if canonical_bytes(own) == given else "its handler changes its inputs"


def _result_problems(
    action: CompiledAction, compiled: CompiledRegistry, *, before: bytes, after: bytes
) -> Iterator[str]:
    declared, name = action.action.may_change, action.action.id
    document = parse(after)
    for operation in diff(parse(before), document):
        if not any(covers(pointer, operation["path"]) for pointer in declared):
            yield f"{name}: it changes {operation['path']}, which may_change does not declare"
    for component, schema in compiled.schemas.items():
        if component not in document:
            yield f"{name}: it drops the component '{component}'"
        elif not schema.accepts(document[component]):
            problem = schema.problems(document[component])[0]
            yield f"{name}: it leaves /{component}{problem.pointer}: {problem.message}"
