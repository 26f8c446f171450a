"""Write a new plugin: a package that is complete, and whose own tests pass as they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Final

from runtime.plugins.versions import CURRENT

NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
MOST_LETTERS: Final = 40


class TemplateError(ValueError):
    """A plugin of that name can't be written there; the message says why."""


def new_plugin(name: str, folder: Path) -> tuple[Path, ...]:
    """Write a plugin of a name into a folder, which must not hold anything yet.

    Args:
        name: of the plugin, such as `zoo`; its distribution is called `plangate-NAME`.
        folder: made if it is not there.

    Returns:
        The files, relative to the folder.

    Raises:
        TemplateError: the name has another form, or the folder holds something.
        OSError: a file can't be written.
    """
    if not NAME.fullmatch(name) or len(name) > MOST_LETTERS:
        raise TemplateError(
            f"the name is {name[:MOST_LETTERS]!r}, expected lower-case letters, digits and "
            f"hyphens, {MOST_LETTERS} at most, such as zoo"
        )
    if folder.exists() and any(folder.iterdir()):
        raise TemplateError(f"{folder} is not empty; name another folder")
    module = name.replace("-", "_")
    words = {
        "name": name,
        "module": module,
        "package": f"plangate_{module}",
        "contract": f"{CURRENT}",
    }
    written = []
    for path, text in _FILES.items():
        place = Path(Template(path).substitute(words))
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(Template(text).substitute(words), encoding="utf-8")
        written.append(place)
    return tuple(written)


_PYPROJECT: Final = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "plangate-$name"
version = "0.1.0"
description = "Lets an agent of Plangate work on $name."
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["plangate"]

[project.entry-points."plangate.plugins"]
$name = "$package:PLUGIN"

# The first and the last contract that this works with; checked before anything is imported.
[project.entry-points."plangate.contract"]
$name = "$contract:$contract"

[tool.hatch.build.targets.wheel]
packages = ["$package"]
"""
_README: Final = """\
# plangate-$name

A plugin of Plangate: the component `$module`, the action `$module.add@1`, and the environment
`$name` to use them in.

    pip install -e .
    pytest
    plangate plugin check $name

Install it where Plangate is installed, name it in `PLANGATE_PLUGINS`, and start again.
"""
_INIT: Final = '''\
"""Lets an agent of Plangate work on $name."""

from $package.plugin import PLUGIN

__all__ = ["PLUGIN"]
'''
_PLUGIN: Final = '''\
"""Declare a piece of state, an action on it, and the environment that holds both."""

from __future__ import annotations

from typing import Any

from runtime.domain.action import Action, HandlerRefusal
from runtime.domain.component import Component
from runtime.domain.condition import Condition
from runtime.plugins.contract import Environment, Plugin, Widget, WidgetKind

MOST = 100

COMPONENT = Component(
    id="$module",
    title="Things",
    description="The things that there are, oldest first.",
    state_schema={
        "type": "object",
        "properties": {
            "things": {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": 80},
                "description": "Names, such as chair.",
            }
        },
        "required": ["things"],
        "additionalProperties": False,
    },
    initial_state={"things": []},
    invariants=(
        Condition(
            rule="size(state.$module.things) <= 100", message="there are never more than 100 things"
        ),
    ),
)


def _add(inputs: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """Be pure: change and return this copy of the state, and look at nothing else."""
    things = state["$module"]["things"]
    if inputs["name"] in things:
        raise HandlerRefusal(f"there is a {inputs['name']} already")
    if len(things) >= MOST:
        raise HandlerRefusal("there is no room for more things")
    things.append(inputs["name"])
    return state


ADD = Action(
    id="$module.add@1",
    title="Add a thing",
    description="Adds one thing by its name. Use it when the person names something new.",
    targets=("$module",),
    input_schema={
        "type": "object",
        "properties": {
            "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 80,
                "description": "What the thing is called, such as chair.",
            }
        },
        "required": ["name"],
        "additionalProperties": False,
    },
    may_change=("/$module/things",),
    handler=_add,
)

PLUGIN = Plugin(
    id="$name",
    version="0.1.0",
    components=(COMPONENT,),
    actions=(ADD,),
    environments=(
        Environment(
            id="$name",
            title="Things",
            description="You keep a list of things for the person.",
        ),
    ),
    widgets=(Widget(title="Things", kind=WidgetKind.TABLE, path="/$module/things"),),
)
'''
_TEST: Final = '''\
"""The plugin keeps the contract, and its action does what it says."""

import pytest
from runtime.domain.action import HandlerRefusal
from runtime.plugins.testing import check

from $package import PLUGIN


def test_the_plugin_keeps_the_contract() -> None:
    """Handlers are pure and change what they declare; ids, schemas and texts are sound."""
    assert check(PLUGIN) == ()


def test_a_thing_is_added_once() -> None:
    """The second thing of a name is refused, with a sentence for the person."""
    (add,) = PLUGIN.actions
    state = add.handler({"name": "chair"}, {"$module": {"things": []}})

    assert state == {"$module": {"things": ["chair"]}}
    with pytest.raises(HandlerRefusal, match="there is a chair already"):
        add.handler({"name": "chair"}, state)
'''
_FILES: Final[Mapping[str, str]] = {
    "pyproject.toml": _PYPROJECT,
    "README.md": _README,
    "$package/__init__.py": _INIT,
    "$package/plugin.py": _PLUGIN,
    "tests/test_plugin.py": _TEST,
}
