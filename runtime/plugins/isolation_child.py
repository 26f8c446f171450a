"""Be the process in which a plugin's handlers run; `runtime.plugins.isolation` starts it."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from typing import Any, Final

from runtime.domain.action import Handler, HandlerRefusal
from runtime.kit.canonical_json import CanonicalJsonError, canonical_bytes, parse
from runtime.kit.json_value import JsonObject
from runtime.plugins.confined import ConfinedError, Deeds, cap, die_with_parent, silence, watch
from runtime.plugins.probe_child import check_contract

LENGTH_BYTES: Final = 4
READY: Final = b"ready"
SPENT: Final = "spent"
"""What an answer says why in, after which the process is of no use to anybody."""


def serve(asked: Mapping[str, Any]) -> None:  # pragma: no cover  # another process
    """Import the plugin and call its handlers, one after the other, until the input ends.

    Args:
        asked: `value`, `module:attribute` of the plugin; `parent`, the process that asks;
            `memory_bytes`, what handlers may take beyond what the process has then.
    """
    die_with_parent(asked["parent"])
    source, sink = os.dup(0), os.dup(1)
    silence()
    deeds = Deeds()
    watch(deeds)
    found = EntryPoint(name="plugin", value=asked["value"], group="").load()
    plugin = check_contract(found, asked["value"])
    handlers = {action.id: action.handler for action in plugin.actions}
    gc.collect()
    cap(memory_bytes=asked["memory_bytes"], cpu_s=None)
    _write(sink, READY)
    while head := _read(source, LENGTH_BYTES):
        request = parse(_read(source, int.from_bytes(head, "big")))
        deeds.noted.clear()
        _write(sink, canonical_bytes(answer(handlers, request, deeds)))


def answer(handlers: Mapping[str, Handler], request: JsonObject, deeds: Deeds) -> JsonObject:
    """Call one handler, and return the state that it gives back, its refusal or its fault."""
    try:
        after = handlers[request["action"]](request["inputs"], request["state"])
        canonical_bytes(after)
    except HandlerRefusal as no:
        return {"refusal": str(no)[:2_000]}
    except ConfinedError as error:
        return {"error": f"it {error}"}
    except MemoryError:
        return {SPENT: "it took more memory than a handler may"}
    except CanonicalJsonError as error:
        return {"error": f"it gave back what is no JSON: {error}"}
    except BaseException as error:  # noqa: BLE001  # foreign code; sys.exit is no end of this process
        return {"error": f"{type(error).__name__}: {str(error)[:500]}"}
    return {"error": f"it {deeds.noted[0]}"} if deeds.noted else {"state": after}


def framed(data: bytes) -> bytes:
    """Return data behind its length, as it goes through a pipe."""
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def _read(source: int, size: int) -> bytes:
    taken = bytearray()
    while len(taken) < size:
        part = os.read(source, size - len(taken))
        if not part:
            return b""
        taken += part
    return bytes(taken)


def _write(sink: int, data: bytes) -> None:
    left = memoryview(framed(data))
    while left:
        left = left[os.write(sink, left) :]
