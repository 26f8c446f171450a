"""Fill references in a declared document: a JSON Pointer into what is known, and nothing more.

There is no template language: `{"input": "/to"}` becomes the value there, whatever its type, and is
never read again, so that an input can't bring references of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runtime.kit.json_pointer import PointerError, get
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.effect_failure import PermanentError

MOST_DEPTH: Final = 32


def filled(template: JsonValue, *, sources: Mapping[str, JsonValue], depth: int = 0) -> JsonValue:
    """Return a template with each `{source: pointer}` in it replaced by what the pointer finds.

    Raises:
        PermanentError: a pointer finds nothing, or the template nests too deeply.

    >>> inputs = {"mail": "a@example.com"}
    >>> filled({"to": {"input": "/mail"}, "n": 1}, sources={"input": inputs})
    {'to': 'a@example.com', 'n': 1}
    """
    if depth > MOST_DEPTH:
        raise PermanentError(f"the payload nests deeper than {MOST_DEPTH} levels")
    if isinstance(template, list):
        return [filled(item, sources=sources, depth=depth + 1) for item in template]
    if not isinstance(template, dict):
        return template
    if len(template) == 1:
        ((name, pointer),) = template.items()
        if name in sources and isinstance(pointer, str):
            return _found(pointer, name, sources[name])
    return {name: filled(item, sources=sources, depth=depth + 1) for name, item in template.items()}


def filled_object(template: JsonObject, *, sources: Mapping[str, JsonValue]) -> JsonObject:
    """Return a filled template that is an object.

    Raises:
        PermanentError: as `filled`; or the whole of it is one reference, to something else.
    """
    found = filled(template, sources=sources)
    if not isinstance(found, dict):
        raise PermanentError(f"the reference finds a {type(found).__name__}, expected an object")
    return found


def _found(pointer: str, name: str, source: JsonValue) -> JsonValue:
    try:
        return get(source, pointer)
    except PointerError:
        raise PermanentError(f"the {name} has nothing at '{pointer[:200]}'") from None
