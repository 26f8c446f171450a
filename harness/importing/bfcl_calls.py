"""Read a call that is written as Python source, as the answers of several turns are."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from harness.importing.actions import Function
from harness.importing.unusable import UnusableError
from runtime.public import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenCall:
    """Hold a call: the function's published name and its inputs by name."""

    function: str
    inputs: JsonObject


def read_call(text: JsonValue, functions: dict[str, Function]) -> WrittenCall:
    """Read one call; inputs without a name take the declared names in their order.

    Raises:
        UnusableError: it is no call with plain values, or of a function that is not on offer.
    """
    call = _parsed(text)
    name = ast.unparse(call.func)
    if name not in functions:
        raise UnusableError(f"its answer calls '{name}', which is not on offer in this turn")
    declared = list(functions[name].schema["properties"])
    if len(call.args) > len(declared):
        raise UnusableError(f"its answer {text!r} gives more inputs than '{name}' declares")
    inputs = {key: _plain(arg, text) for key, arg in zip(declared, call.args, strict=False)}
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in inputs:
            raise UnusableError(f"its answer {text!r} gives an input twice or without a name")
        inputs[keyword.arg] = _plain(keyword.value, text)
    return WrittenCall(function=name, inputs=inputs)


def _parsed(text: JsonValue) -> ast.Call:
    if isinstance(text, str):
        try:
            body = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            body = ast.Constant(value=None)
        if isinstance(body, ast.Call):
            return body
    raise UnusableError(f"its answer holds {text!r}, expected one call such as f(x=1)")


def _plain(node: ast.expr, text: JsonValue) -> JsonValue:
    try:
        return _as_json(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, RecursionError) as error:
        raise UnusableError(f"its answer {text!r} holds more than plain values") from error


def _as_json(value: object) -> JsonValue:
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _as_json(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(value)
