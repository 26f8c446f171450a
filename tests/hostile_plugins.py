"""Write plugins that harm whoever imports them, each in a way of its own, and healthy ones."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.wheels import install_module

GOOD: Final = """
from runtime.domain.action import Action
from runtime.domain.component import Component
from runtime.plugins.contract import Environment, Plugin

def _add(inputs, state):
    state["{name}"]["count"] += inputs["by"]
    return state

PLUGIN = Plugin(
    id="{name}",
    version="1",
    components=(
        Component(
            id="{name}",
            title="Count",
            description="Counts.",
            state_schema={{
                "type": "object",
                "properties": {{"count": {{"type": "integer"}}}},
                "required": ["count"],
                "additionalProperties": False,
            }},
            initial_state={{"count": 0}},
        ),
    ),
    actions=(
        Action(
            id="{name}.add@1",
            title="Add",
            description="Adds.",
            targets=("{name}",),
            input_schema={{
                "type": "object",
                "properties": {{"by": {{"type": "integer", "minimum": 1, "maximum": 9}}}},
                "required": ["by"],
                "additionalProperties": False,
            }},
            may_change=("/{name}/count",),
            handler=_add,
        ),
    ),
    environments=(Environment(id="{name}", title="Count", description="You count."),),
)
"""
HOSTILE: Final[dict[str, tuple[str, str]]] = {
    "bad_import": (
        "import no_such_module_at_all",
        "can't be imported: ModuleNotFoundError: No module named 'no_such_module_at_all'",
    ),
    "bad_exit": ("import sys\nsys.exit(3)", "it called sys.exit(3) while it was imported"),
    "bad_os_exit": ("import os\nos._exit(7)", "it ended its process with exit code 7"),
    "bad_hang": (
        "import threading\nthreading.Event().wait()",
        "its import did not end within",
    ),
    "bad_loop": ("import time\nwhile True: time.sleep(0.01)", "its import did not end within"),
    "bad_segfault": (
        "import ctypes\nctypes.string_at(0)",
        "its process ended by SIGSEGV while it was imported",
    ),
    "bad_memory": (
        "kept = []\nwhile True: kept.append(bytearray(2**24))",
        "it took more memory than a plugin may while it was imported",
    ),
    "bad_object": ("PLUGIN = 5", "is a int, expected runtime.plugins.contract.Plugin"),
    "bad_egress": (
        (
            "import socket\ntry:\n    socket.create_connection(('127.0.0.1', 9))\n"
            "except BaseException:\n    pass\n"
        ),
        "it reached for the network while it was imported",
    ),
    "bad_secrets": (
        "import os\nfound = os.environ.get('PLANGATE_TOKEN_KEYS')\n",
        "it looked for the variable PLANGATE_TOKEN_KEYS while it was imported",
    ),
    "bad_fork": (
        "import os\ntry:\n    os.fork()\nexcept BaseException:\n    pass\n",
        "it started a process while it was imported",
    ),
    "bad_file": (
        "try:\n    open('/tmp/plangate-never', 'w')\nexcept BaseException:\n    pass\n",
        "it wrote a file while it was imported",
    ),
    "bad_look": (
        "try:\n    open('/proc/self/environ').read()\nexcept BaseException:\n    pass\n",
        "it looked into what processes hold while it was imported",
    ),
    "bad_error": (
        "class Odd(BaseException):\n    def __str__(self): raise ValueError\nraise Odd",
        "can't be imported: Odd: (it can't say)",
    ),
    "bad_slow": ("import time\ntime.sleep(60)", "its import did not end within"),
}
"""What each does when it is imported, and a part of the reason that has to be told of it."""
GOES_ON: Final = frozenset({"bad_egress", "bad_secrets", "bad_fork", "bad_file", "bad_look"})
"""Those that declare a sound plugin behind what they did."""


def healthy(name: str) -> str:
    """Return the module of a sound plugin."""
    return GOOD.format(name=name)


def hostile(name: str) -> str:
    """Return the module of one that does harm."""
    does = HOSTILE[name][0]
    return f"{does}\n{healthy(name)}" if name in GOES_ON else does


def install_healthy(folder: Path, name: str) -> None:
    """Install a sound plugin."""
    install_module(folder, name, healthy(name))


def install_hostile(folder: Path, name: str) -> None:
    """Install one that does harm."""
    install_module(folder, name, hostile(name))
