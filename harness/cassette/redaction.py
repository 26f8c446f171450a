"""Take what looks like a credential out of a completion before anybody keeps it.

The trial goes on with what is kept, so that scoring a live run, a resumed one and a replayed one
sees the same answers.
"""

from __future__ import annotations

import json
from dataclasses import replace

import orjson

from runtime.public import Completion, JsonObject, JsonValue, redact


def presentable(completion: Completion) -> Completion:
    """Return the completion as it may be kept: redacted, and without half characters."""
    return replace(
        completion,
        text=_text(completion.text),
        refusal=_text(completion.refusal),
        finish_reason=_text(completion.finish_reason),
        model=_text(completion.model),
        tool_calls=tuple(
            replace(
                call,
                id=_text(call.id),
                name=_text(call.name),
                arguments=presentable_arguments(call.arguments),
            )
            for call in completion.tool_calls
        ),
    )


def presentable_arguments(text: str) -> str:
    """Redact the arguments of a call.

    JSON stays JSON: values are taken out of the document, not out of its spelling, which stays
    byte for byte where nothing had to go. What no reader takes for JSON is redacted as text.
    """
    whole = _whole_characters(text)
    try:
        document = json.loads(
            whole, object_pairs_hook=_object, parse_constant=_refused, parse_int=_integer
        )
        redacted = redact(document)
        return whole if redacted == document else orjson.dumps(redacted).decode()
    except (ValueError, RecursionError):
        return _text(whole)


def _text(text: str) -> str:
    return str(redact(_whole_characters(text)))


def _whole_characters(text: str) -> str:
    """Replace half characters, which no file and no request can carry."""
    return text.encode(errors="replace").decode()


def _object(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    """Refuse a repeated key: writing the document anew would hide what is wrong with it."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _refused(name: str) -> JsonValue:
    raise ValueError(f"{name} is no JSON")


def _integer(digits: str) -> int:
    """Refuse an integer that the document could not be written with anew."""
    value = int(digits)
    if not -(2**63) <= value < 2**64:
        raise ValueError(f"{len(digits)} digits")
    return value
